"""Every read of organisations, their contracts, members and seats that has a name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    # Some are named in strings only, where the linter does not look.
    from billing.models import Contract, Invitation, Membership, Organisation, Seat  # noqa: F401

BY_NAME = ("name", "id")
MEMBERS_IN_ORDER = ("joined_at", "id")
INVITATIONS_NEWEST_FIRST = ("-created_at", "-id")


class OrganisationQuerySet(QuerySet["Organisation"]):
    def visible_to(self, user: User | AnonymousUser) -> OrganisationQuerySet:
        """Those to which somebody belongs now."""
        from billing.models import Membership

        own = Membership.objects.alive().filter(organisation=OuterRef("pk"), user=user.pk)
        return self.filter(Exists(own))

    def with_figures(self, at: datetime) -> OrganisationQuerySet:
        """With `seats_total` and `contract_ends_at` (null without a contract in force), and `seats_taken`."""
        from billing.models import Contract, Seat

        contract = Contract.objects.in_force(at).filter(organisation=OuterRef("pk"))
        taken = Seat.objects.taken(at).filter(organisation=OuterRef("pk")).order_by().values("organisation")
        return self.annotate(
            seats_total=Subquery(contract.values("seats")[:1]),
            contract_ends_at=Subquery(contract.values("ends_at")[:1]),
            seats_taken=Coalesce(Subquery(taken.annotate(number=Count("pk")).values("number")), 0),
        )

    def without_owner(self) -> OrganisationQuerySet:
        """Those whose only owner was erased; staff find another one."""
        from billing.models import Membership

        return self.exclude(Exists(Membership.objects.alive().owners().filter(organisation=OuterRef("pk"))))

    def as_rows_for(self, user: User, at: datetime) -> QuerySet[Organisation, Any]:
        """What the list of one's own shows of each; in the order of `BY_NAME`."""
        from billing.models import Membership, Seat

        own = Membership.objects.alive().filter(organisation=OuterRef("pk"), user=user)
        seat = Seat.objects.taken(at).filter(organisation=OuterRef("pk"), user=user)
        shown = (
            self.visible_to(user).with_figures(at).annotate(role=Subquery(own.values("role")), has_seat=Exists(seat))
        )
        return shown.values("id", "slug", "name", "role", "has_seat", "seats_total", "seats_taken", "contract_ends_at")


class ContractQuerySet(QuerySet["Contract"]):
    """A contract is in force from `starts_at`, that moment included, until `ends_at`, that moment excluded."""

    def in_force(self, at: datetime) -> ContractQuerySet:
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def not_over(self, at: datetime) -> ContractQuerySet:
        """Those in force and those to come, the first first."""
        return self.filter(ends_at__gt=at).order_by("starts_at")

    def followed(self) -> ContractQuerySet:
        """Those after which another one goes on without a gap."""
        following = self.model._default_manager.filter(
            organisation=OuterRef("organisation"), starts_at=OuterRef("ends_at")
        )
        return self.filter(Exists(following))


class MembershipQuerySet(QuerySet["Membership"]):
    def alive(self) -> MembershipQuerySet:
        return self.filter(left_at__isnull=True)

    def owners(self) -> MembershipQuerySet:
        from billing.models import Role

        return self.filter(role=Role.OWNER)

    def as_rows(self, at: datetime) -> QuerySet[Membership, dict[str, Any]]:
        """What a list of members shows of each; in the order of `MEMBERS_IN_ORDER`."""
        from billing.models import Seat

        seat = Seat.objects.taken(at).filter(organisation=OuterRef("organisation"), user=OuterRef("user"))
        profile = "user__profile__"
        return self.values(
            *("id", "role", "joined_at", "user_id"),
            has_seat=Exists(seat),
            seat_ends_at=Subquery(seat.values("given_back_at")[:1]),
            email=F("user__email"),
            handle=F(f"{profile}handle"),
            name=Coalesce(
                NullIf(f"{profile}display_name", Value("")), NullIf("user__name", Value("")), f"{profile}handle"
            ),
        )


class SeatQuerySet(QuerySet["Seat"]):
    def taken(self, at: datetime) -> SeatQuerySet:
        """Those on which somebody sits at this time."""
        return self.filter(taken_at__lte=at).exclude(over(at))

    def not_over(self, at: datetime) -> SeatQuerySet:
        return self.exclude(over(at))


class InvitationQuerySet(QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Those that were neither accepted nor revoked, also those whose link is too old."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)

    def good(self, at: datetime) -> InvitationQuerySet:
        """Those whose link still opens the door; Invitation.is_good() says the same of one."""
        return self.open().filter(expires_at__gt=at)

    def forgotten(self) -> InvitationQuerySet:
        """Those that nobody followed, of so long ago that the address is no business of ours any more."""
        return self.filter(accepted_at__isnull=True, expires_at__lt=timezone.now() - self.model.KEPT)

    def as_rows(self) -> QuerySet[Invitation, dict[str, Any]]:
        """What a list of them shows of each; in the order of `INVITATIONS_NEWEST_FIRST`."""
        return self.values("id", "email", "role", "with_seat", "created_at", "expires_at")


def over(at: datetime) -> Q:
    return Q(given_back_at__lte=at)
