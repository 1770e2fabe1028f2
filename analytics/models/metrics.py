"""Figures that somebody wants to be told of."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from analytics.events import Device, Tier
from analytics.models.counts import Dimension, why_no_hours
from analytics.querysets.metrics import AlertQuerySet, AlertRuleQuerySet, WeeklyReaderQuerySet
from common.outside import check_address

NEEDS_NUMBER = "Write the number that this kind of rule compares with."
NOT_NEGATIVE = "Write a number that is not negative."
NOBODY_IS_TOLD = "Name somebody to be mailed, or an address to post to: else nobody is told."


class Measure(models.TextChoices):
    EVENTS = "events", "events"
    VISITORS = "visitors", "visitors"
    VISITS = "visits", "visits"
    SECONDS = "seconds", "seconds"
    AMOUNT = "amount", "amount"


class SavedMetric(models.Model):
    """One figure over time: a column of a count, for one key or all, among everybody or some."""

    name = models.CharField(max_length=80, unique=True)
    dimension = models.CharField(max_length=30, choices=Dimension)
    key = models.CharField(max_length=200, blank=True, help_text="One of the dimension; empty: all together.")
    measure = models.CharField(max_length=10, choices=Measure)
    tier = models.CharField(max_length=10, choices=Tier, blank=True)
    country = models.CharField(max_length=2, blank=True)
    device = models.CharField(max_length=10, choices=Device, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError if rules look at its hours, and there would be none."""
        fault = self.why_no_hours
        if fault and self.pk and self.rules.filter(period=AlertRule.Period.HOUR).exists():
            raise ValidationError({"dimension": f"{fault} A rule looks at each hour of it."})

    @property
    def why_no_hours(self) -> str:
        """In words; empty if it is counted by the hour."""
        return why_no_hours(self.dimension, of_everybody=not (self.tier or self.country or self.device))


class AlertRule(models.Model):
    """When somebody is told about a metric."""

    class Kind(models.TextChoices):
        ABOVE = "above", "above a number"
        BELOW = "below", "below a number"
        CHANGE = "change", "changed by more than per cent, against the period before"
        SILENCE = "silence", "nothing at all"
        ANOMALY = "anomaly", "unlike the same weekday of the weeks before"

    class Period(models.TextChoices):
        HOUR = "hour", "hour"
        DAY = "day", "day"

    # Of these kinds that compare with a number of the rule's own.
    NUMBERED = (Kind.ABOVE, Kind.BELOW, Kind.CHANGE)

    name = models.CharField(max_length=80, unique=True)
    metric = models.ForeignKey(SavedMetric, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=10, choices=Kind)
    period = models.CharField(max_length=4, choices=Period, default=Period.DAY)
    threshold = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    recipients = ArrayField(
        models.EmailField(), default=list, blank=True, size=20, help_text="Addresses, with commas between."
    )
    webhook_url = models.URLField(blank=True, validators=[check_address])
    is_active = models.BooleanField(default=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, editable=False)

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError by field for what could never be true, or would be told to nobody."""
        faults = {}
        if self.threshold is None and self.kind in self.NUMBERED:
            faults["threshold"] = NEEDS_NUMBER
        if self.threshold is not None and self.threshold < 0:
            faults["threshold"] = NOT_NEGATIVE
        if not self.recipients and not self.webhook_url:
            faults["recipients"] = NOBODY_IS_TOLD
        if self.period == self.Period.HOUR and self.metric_id and (fault := self.metric.why_no_hours):
            faults["period"] = fault
        if faults:
            raise ValidationError(faults)


class Alert(models.Model):
    """A rule that came true, until it is true no more."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    began_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    # Of the period that it is about; the same is told once.
    period_start = models.DateTimeField()
    value = models.DecimalField(max_digits=16, decimal_places=2)
    expected = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    words = models.TextField()
    mailed_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ("-began_at",)
        constraints = [
            models.UniqueConstraint(
                name="alert_one_at_a_time", fields=["rule"], condition=models.Q(ended_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.words


class WeeklyReader(models.Model):
    """Somebody of the staff who wants the summary of each week by mail."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="weekly_analytics"
    )
    # The Monday of the last week that was told.
    told = models.DateField(null=True)

    objects = WeeklyReaderQuerySet.as_manager()

    def __str__(self) -> str:
        return f"weekly summary for {self.user_id}"
