"""What members may choose from, and what it costs."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.levels import FREE, LEVELS
from billing.querysets.plans import PlanQuerySet, PriceQuerySet

MONTHS_A_YEAR = 12


class Interval(models.TextChoices):
    MONTH = "month"
    YEAR = "year"

    @property
    def months(self) -> int:
        return MONTHS_A_YEAR if self is Interval.YEAR else 1


class Plan(models.Model):
    """A tier with its benefits, such as Premium. Staff edit the words; its prices are rows of their own."""

    code = models.SlugField(max_length=20, unique=True, help_text="Its name for programs; it cannot be changed.")
    name = models.CharField(max_length=40)
    summary = models.CharField(max_length=120, help_text="One line beneath the name.")
    benefits = ArrayField(models.CharField(max_length=120), default=list, blank=True, help_text="One on each line.")
    level = models.CharField(max_length=20, choices=[(level, level.capitalize()) for level in LEVELS], default=FREE)
    trial_days = models.PositiveSmallIntegerField(default=0, help_text="Days before the first payment; once a person.")
    by_contract = models.BooleanField(default=False, help_text="Sold by talking to us; it has no price to choose.")
    position = models.PositiveSmallIntegerField(default=0)
    stripe_id = models.CharField("Stripe product", max_length=255, blank=True, editable=False)
    paypal_id = models.CharField("PayPal product", max_length=255, blank=True, editable=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="plan_level_known",
                condition=Q(level__in=LEVELS),
                violation_error_message=f"There is no such level. Choose from: {', '.join(LEVELS)}.",
            ),
            models.CheckConstraint(
                name="plan_trial_in_range",
                condition=Q(trial_days__lte=90),
                violation_error_message="A trial lasts at most 90 days.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def reference_at(self, provider: str) -> str:
        """The provider's name for its product; empty until `sync_plans` has made it."""
        reference: str = getattr(self, f"{provider}_id")
        return reference


class Price(models.Model):
    """What a plan costs. It never changes: a new price is a new version, and whoever has the old keeps it."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    interval = models.CharField(max_length=5, choices=Interval)
    amount = models.PositiveIntegerField(help_text="In the smallest unit of the currency: 5000 is $50.00.")
    currency = models.CharField(max_length=3, default="USD")
    version = models.PositiveIntegerField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    stripe_id = models.CharField("Stripe price", max_length=255, blank=True, editable=False)
    paypal_id = models.CharField("PayPal plan", max_length=255, blank=True, editable=False)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "interval", "-version"]
        constraints = [
            models.UniqueConstraint(
                name="one_price_on_offer",
                fields=["plan", "interval", "currency"],
                condition=Q(retired_at__isnull=True),
                violation_error_message="This plan has a price for that interval already. Change it instead.",
            ),
            models.UniqueConstraint(name="price_version", fields=["plan", "interval", "currency", "version"]),
            models.CheckConstraint(
                name="price_interval_known",
                condition=Q(interval__in=Interval.values),
                violation_error_message="Choose month or year.",
            ),
            models.CheckConstraint(
                name="price_positive",
                condition=Q(amount__gt=0),
                violation_error_message="A price is more than nothing.",
            ),
            models.CheckConstraint(
                name="price_currency",
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                violation_error_message="Write the currency as three capital letters, such as USD.",
            ),
            *(
                models.UniqueConstraint(name=f"price_at_{provider}", fields=[column], condition=~Q(**{column: ""}))
                for provider, column in (("stripe", "stripe_id"), ("paypal", "paypal_id"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.name}, {self.shown}"

    @property
    def shown(self) -> str:
        """For people: "$50 a month"."""
        from billing.money import shown_money

        return f"{shown_money(self.amount, self.currency)} a {self.interval}"

    @property
    def annual_amount(self) -> int:
        """What a year of it costs, in the smallest unit: exact whatever the interval, unlike the cost of a month."""
        return self.amount * (MONTHS_A_YEAR // Interval(self.interval).months)

    def reference_at(self, provider: str) -> str:
        """The provider's name for this price; empty until `sync_plans` has made it."""
        reference: str = getattr(self, f"{provider}_id")
        return reference
