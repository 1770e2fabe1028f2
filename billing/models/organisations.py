"""Organisations that pay for the seats of their members: who belongs to them, what was agreed, and who sits."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from billing.money import shown_money
from billing.querysets.organisations import (
    ContractQuerySet,
    InvitationQuerySet,
    MembershipQuerySet,
    OrganisationQuerySet,
    SeatQuerySet,
)
from common.text import validate_line

MOST_SEATS = 100_000
CONTRACTS_OVERLAP = "There is a contract in that time. End it before, or have this one begin later."
CONTRACT_ENDS_BEFORE_START = "A contract must end after it starts."
MEMBER_ALREADY = "This person is a member already."
INVITED_ALREADY = "This address is invited already. Send the invitation again instead."


class Role(models.TextChoices):
    """What somebody may do for an organisation, from the most to the least."""

    OWNER = "owner"
    MANAGER = "manager"
    MEMBER = "member"


class Organisation(models.Model):
    """A customer with a contract, whose members have seats. There is always an owner, unless the only one is erased."""

    name = models.CharField(max_length=100, validators=[validate_line])
    slug = models.SlugField(
        max_length=60,
        unique=True,
        help_text="Its name in addresses; it cannot be changed.",
        error_messages={"unique": "Another organisation has this name in addresses. Choose another."},
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("billing:organisation", args=[self.slug])


class TsTzRange(Func):
    """From the first moment, itself included, to the last, itself excluded; without an end if that is null."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Contract(models.Model):
    """What was agreed with an organisation for a time. It may end earlier; any other change is a new contract.

    `annual_amount` is a whole number of the currency's smallest unit.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contracts")
    seats = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)])
    annual_amount = models.PositiveBigIntegerField(help_text="In the smallest unit: 500000 is $5,000 a year.")
    currency = models.CharField(
        max_length=3, default="USD", validators=[RegexValidator(r"\A[A-Z]{3}\Z", "Enter three capitals, such as USD.")]
    )
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True, help_text="For our staff.")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    # Days before its end of the last reminder that its owners got.
    reminded = models.PositiveSmallIntegerField(null=True, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="contract_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=CONTRACT_ENDS_BEFORE_START,
            ),
            models.CheckConstraint(
                name="contract_seats_in_range",
                condition=Q(seats__range=(1, MOST_SEATS)),
                violation_error_message=f"A contract has 1 to {MOST_SEATS:,} seats.",
            ),
            models.CheckConstraint(
                name="contract_currency",
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                violation_error_message="Enter three capitals, such as USD.",
            ),
            ExclusionConstraint(
                name="one_contract_at_a_time",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=CONTRACTS_OVERLAP,
            ),
        ]
        indexes = [models.Index(name="contract_ends_at", fields=["ends_at"])]

    def __str__(self) -> str:
        seats = "1 seat" if self.seats == 1 else f"{self.seats} seats"
        return f"{self.organisation}: {seats} for {shown_money(self.annual_amount, self.currency)} a year"

    def is_over(self, at: datetime) -> bool:
        return self.ends_at <= at


class Membership(models.Model):
    """Somebody belongs to an organisation; who leaves and comes back has a second one."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    # Null once the person is erased, and then it has ended.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=7, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_membership",
                fields=["organisation", "user"],
                condition=Q(left_at__isnull=True),
                violation_error_message=MEMBER_ALREADY,
            ),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="membership_of_erased_has_ended", condition=Q(user__isnull=False) | Q(left_at__isnull=False)
            ),
        ]
        indexes = [models.Index(name="membership_in_order", fields=["organisation", "joined_at", "id"])]

    def __str__(self) -> str:
        return f"{self.user or 'somebody erased'} in {self.organisation}"

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    @property
    def manages(self) -> bool:
        """Whether this person invites and removes others."""
        return self.role in (Role.OWNER, Role.MANAGER)


class Seat(models.Model):
    """Somebody sits on a seat of an organisation, from `taken_at` until `given_back_at`, that moment excluded.

    An end in the future is known where a smaller contract follows: whoever sat down last gets up then.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="seats")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="seats")
    taken_at = models.DateTimeField(default=timezone.now)
    given_back_at = models.DateTimeField(null=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="seat_given_back_after_taken",
                condition=Q(given_back_at__isnull=True) | Q(given_back_at__gte=F("taken_at")),
            ),
            ExclusionConstraint(
                name="one_seat_at_a_time",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    (TsTzRange("taken_at", "given_back_at"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(name="seat_in_order", fields=["organisation", "taken_at", "id"])]

    def __str__(self) -> str:
        return f"seat of {self.user or 'somebody erased'} in {self.organisation}"


class Invitation(models.Model):
    """An address was asked to join. Of the link only a hash is kept, so nobody reads it here."""

    GOOD_FOR = timedelta(days=14)
    # Addresses of those who never came are no business of ours for longer.
    KEPT = timedelta(days=90)

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=7, choices=Role, default=Role.MEMBER)
    with_seat = models.BooleanField(default=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    token_hash = models.BinaryField(max_length=32, unique=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_invitation",
                fields=["organisation", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                violation_error_message=INVITED_ALREADY,
            ),
            models.CheckConstraint(name="invitation_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="invitation_email_lower_case",
                condition=Q(email=Lower("email")),
                violation_error_message="E-mail addresses are kept in lower case.",
            ),
        ]
        indexes = [models.Index(name="invitation_email", fields=["email"])]

    def __str__(self) -> str:
        return f"{self.email} to {self.organisation}"

    @staticmethod
    def hash_of(token: str) -> bytes:
        """What is stored of a token of 256 random bits, which nobody can guess back."""
        return hashlib.sha256(token.encode()).digest()

    def is_good(self, at: datetime) -> bool:
        """Whether its link still opens the door; InvitationQuerySet.good() asks the same."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > at
