"""What is opened to whom."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.levels import GATED, PREMIUM
from billing.models.subscriptions import Subscription
from billing.querysets.access import AccessGrantQuerySet

# Beyond these, dates overflow in some time zones.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
END_BEFORE_START = "Access must end after it starts."
OUT_OF_RANGE = "Choose a time between 2000 and 2100; access without an end has none."
UNKNOWN_LEVEL = f"There is no such level to give. Choose from: {', '.join(GATED)}."


class Source(models.TextChoices):
    """Why something is open to somebody. The first two follow what was paid there."""

    STRIPE = "stripe", "paid by Stripe"
    PAYPAL = "paypal", "paid by PayPal"
    TRIAL = "trial"
    # Paid time is over and the next payment is awaited.
    GRACE = "grace", "days of grace"
    SEAT = "seat", "seat of an organisation"
    GIFT = "gift"
    COMPLIMENTARY = "complimentary"


# What staff give by hand; all else follows something and is not changed by hand.
GIVEN = (Source.GIFT, Source.COMPLIMENTARY)


class GrantState(models.TextChoices):
    FUTURE = "future"
    IN_FORCE = "in force"
    ENDED = "ended"
    REVOKED = "revoked"


class AccessGrant(models.Model):
    """A fact: a level is open to somebody for a time, and why. It is ended or revoked, and stays as a record.

    Staff give some by hand. The others follow a subscription, each with a `key` that says what it stands for:
    a paid invoice, the trial, the grace after a period (billing.services.rights); or a seat, one for each contract
    of its organisation (billing.services.seats).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_grants")
    level = models.CharField(
        max_length=20,
        choices=[(level, level.capitalize()) for level in GATED],
        default=PREMIUM,
        error_messages={"invalid_choice": UNKNOWN_LEVEL},
    )
    source = models.CharField(max_length=13, choices=Source, default=Source.COMPLIMENTARY)
    subscription = models.ForeignKey(
        Subscription, null=True, editable=False, on_delete=models.CASCADE, related_name="access_grants"
    )
    seat = models.ForeignKey(
        "billing.Seat", null=True, editable=False, on_delete=models.CASCADE, related_name="access_grants"
    )
    key = models.CharField(max_length=300, blank=True, editable=False)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Leave it empty for access without an end.")
    reason = models.CharField(max_length=200, help_text="The person reads this in the export of their data.")
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = AccessGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_grant_ends_after_start",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                violation_error_message=END_BEFORE_START,
            ),
            models.CheckConstraint(
                name="access_grant_in_range",
                condition=Q(starts_at__range=(EARLIEST, LATEST))
                & (Q(ends_at__isnull=True) | Q(ends_at__range=(EARLIEST, LATEST))),
                violation_error_message=OUT_OF_RANGE,
            ),
            models.CheckConstraint(
                name="access_grant_level_known",
                condition=Q(level__in=GATED),
                violation_error_message=UNKNOWN_LEVEL,
            ),
            models.CheckConstraint(name="access_grant_source_known", condition=Q(source__in=Source.values)),
            models.UniqueConstraint(
                name="access_grant_once", fields=["subscription", "key"], condition=Q(subscription__isnull=False)
            ),
            models.UniqueConstraint(
                name="access_grant_of_seat_once", fields=["seat", "key"], condition=Q(seat__isnull=False)
            ),
        ]
        indexes = [models.Index(name="access_grant_of_user", fields=["user", "level", "starts_at", "ends_at"])]

    def __str__(self) -> str:
        return f"{self.level} for {self.user}"

    @property
    def is_alive(self) -> bool:
        """Whether staff may still change and revoke it; AccessGrantQuerySet.alive() asks the same."""
        return (
            self.source in GIVEN and self.revoked_at is None and (self.ends_at is None or self.ends_at > timezone.now())
        )

    def clean(self) -> None:
        """As the constraints say, but at the field."""
        for name in ("starts_at", "ends_at"):
            moment = getattr(self, name)
            if moment is not None and not EARLIEST <= moment <= LATEST:
                raise ValidationError({name: ValidationError(OUT_OF_RANGE, code="out_of_range")})
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": ValidationError(END_BEFORE_START, code="end_before_start")})
