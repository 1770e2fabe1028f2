"""What staff define to be counted, and what they note beside it."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from analytics.events import NOT_THERE, Name
from analytics.matching import validate_rule, validate_steps

# Of a journey.
LEAST_STEPS, USUAL_STEPS, MOST_STEPS = 3, 4, 5
NOT_IN_A_VISIT = "That happens without a visit, so no ways lead to it."


class Goal(models.Model):
    """Something that we want people to do in a visit, such as to look at the prices or to sign up."""

    name = models.CharField(max_length=80, unique=True)
    # As in a step of a funnel (analytics.matching).
    event = models.CharField(max_length=40)
    subject = models.CharField(
        max_length=200, blank=True, help_text="Such as /pricing/ or /tutorials/*; empty: whatever it is about."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError on `event` and `subject`."""
        validate_rule(self.event, self.subject)


class Funnel(models.Model):
    """Steps that lead to something, in their order: [{"event": "page_view", "subject": "/pricing/"}, …]."""

    name = models.CharField(max_length=80, unique=True)
    steps = models.JSONField()
    days = models.PositiveSmallIntegerField(
        default=1, help_text="How long somebody may take (1 to 30). Beyond one day only members can be followed."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                name="funnel_within_days",
                condition=Q(days__gte=1, days__lte=30),
                violation_error_message="A funnel may take 1 to 30 days.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError on `steps`."""
        try:
            validate_steps(self.steps)
        except ValidationError as error:
            raise ValidationError({"steps": error.messages}) from error


class Journey(models.Model):
    """Something from and to which the ways that people go are asked for: a page, or another event of a visit."""

    name = models.CharField(max_length=80, unique=True)
    # As in a step of a funnel (analytics.matching).
    event = models.CharField(max_length=40, default=Name.PAGE_VIEW.value)
    subject = models.CharField(
        max_length=200, blank=True, help_text="Such as /pricing/ or /tutorials/*; empty: whatever it is about."
    )
    steps = models.PositiveSmallIntegerField(
        default=USUAL_STEPS, help_text=f"How long the ways are, with it: {LEAST_STEPS} to {MOST_STEPS}."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                name="journey_of_some_steps",
                condition=Q(steps__gte=LEAST_STEPS, steps__lte=MOST_STEPS),
                violation_error_message=f"A journey has {LEAST_STEPS} to {MOST_STEPS} steps.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError on `event` and `subject`."""
        validate_rule(self.event, self.subject)
        if self.event in NOT_THERE:
            raise ValidationError({"event": NOT_IN_A_VISIT})


class Note(models.Model):
    """What happened on a day, for those who wonder about its figures."""

    day = models.DateField(db_index=True)
    text = models.CharField(max_length=200)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("-day", "-pk")

    def __str__(self) -> str:
        return f"{self.day}: {self.text}"
