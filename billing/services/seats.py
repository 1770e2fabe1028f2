"""Sitting down on a seat and getting up, and what follows from it: dated facts of access.

All of it happens under the lock of the organisation, so that however many come at once, no more sit than its contract
has seats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from billing.access import forget_access
from billing.emails import organisations as emails
from billing.levels import PREMIUM
from billing.models import AccessGrant, Contract, Membership, Organisation, Seat, Source
from billing.services import standing
from billing.services.rights import Right, correct, withdraw

if TYPE_CHECKING:
    from accounts.models import User

NO_CONTRACT = "{organisation} has no contract in force, and so no seats. Write to us to make one."
ALL_TAKEN = (
    "All seats of {organisation} ({total}) are taken or promised. "
    "Have one given back, revoke an invitation, or write to us for more."
)
REASON = "Seat of {organisation}."


@dataclass(frozen=True)
class Seating:
    """How the seats of an organisation stand. `promised`: those that invitations hold which are open still."""

    contract: Contract | None
    taken: int
    promised: int

    @property
    def total(self) -> int:
        return self.contract.seats if self.contract else 0

    @property
    def free(self) -> int:
        return max(0, self.total - self.taken - self.promised)


def seating_of(organisation: Organisation, at: datetime | None = None) -> Seating:
    """Three queries."""
    at = at or timezone.now()
    return Seating(
        contract=organisation.contracts.in_force(at).first(),
        taken=organisation.seats.taken(at).count(),
        promised=organisation.invitations.good(at).filter(with_seat=True).count(),
    )


@transaction.atomic
def take_seat(*, membership: Membership, by: User) -> None:
    """Give a member a seat; who has one keeps it. Raises PermissionDenied, ValidationError."""
    organisation = standing.lock(membership.organisation)
    member = standing.still(membership)
    standing.require_over(by, organisation, member.role)
    if seat_of(member) is None:
        require_free(organisation)
        sit_down(member)


@transaction.atomic
def give_back_seat(*, membership: Membership, by: User) -> None:
    """Take a seat from a member, or give up one's own; without one nothing changes. Raises as `take_seat`."""
    organisation = standing.lock(membership.organisation)
    member = standing.still(membership)
    if member.user_id != by.pk:
        standing.require_over(by, organisation, member.role)
    if get_up(member) and member.user_id != by.pk:
        emails.seat_given_back(membership=member)


def require_free(organisation: Organisation) -> None:
    """Whether another one may sit down or be invited to. Raises ValidationError."""
    seating = seating_of(organisation)
    require_contract(organisation, seating)
    if not seating.free:
        words = ALL_TAKEN.format(total=seating.total, organisation=organisation)
        raise ValidationError(words, code="no_seat")


def require_contract(organisation: Organisation, seating: Seating) -> None:
    if seating.contract is None:
        raise ValidationError(NO_CONTRACT.format(organisation=organisation), code="no_contract")


def seat_of(membership: Membership) -> Seat | None:
    now = timezone.now()
    return Seat.objects.taken(now).filter(organisation=membership.organisation_id, user=membership.user_id).first()


def sit_down(membership: Membership) -> None:
    """Under the lock, once it is known that a seat is free."""
    Seat.objects.create(organisation=membership.organisation, user=membership.user)
    settle(membership.organisation)


def get_up(membership: Membership) -> bool:
    """Under the lock; False for who does not sit."""
    seat = seat_of(membership)
    if seat is None:
        return False
    seat.given_back_at = timezone.now()
    seat.save(update_fields=["given_back_at"])
    settle(membership.organisation)
    return True


def settle(organisation: Organisation) -> None:
    """Have the ends of seats, and the rows of `AccessGrant`, say what follows from contracts and seats.

    Under the lock, after each change. What was open stays on record as having been open: only what lies ahead is
    written anew.
    """
    now = timezone.now()
    contracts = list(organisation.contracts.not_over(now))
    # Locked, as the erasure of who has just sat down, and was no member before, may be ending one.
    rows = organisation.seats.not_over(now).select_for_update(no_key=True, of=("self",))
    seats = list(rows.select_related("user", "organisation").order_by("taken_at", "id"))
    seat_within(seats, contracts, now)
    sitting: dict[int | None, Seat] = {
        seat.pk: seat for seat in seats if seat.given_back_at is None or seat.given_back_at > now
    }
    known: defaultdict[int | None, dict[str, AccessGrant]] = defaultdict(dict)
    for grant in AccessGrant.objects.not_over(now).filter(seat__organisation=organisation).select_for_update():
        known[grant.seat_id][grant.key] = grant
    for key in known.keys() | sitting.keys():
        wanted = rights_of(sitting[key], contracts) if key in sitting else ()
        settle_seat(sitting.get(key), wanted, known[key], now)


def seat_within(seats: Sequence[Seat], contracts: Sequence[Contract], now: datetime) -> None:
    """Where a contract with fewer seats begins, those who sat down last get up; they are told of it now."""
    for rank, seat in enumerate(seats):
        too_small = next((contract.starts_at for contract in contracts if contract.seats <= rank), None)
        end = max(too_small, now) if too_small else None
        if seat.given_back_at == end:
            continue
        if end and (seat.given_back_at is None or end < seat.given_back_at):
            emails.seat_ends(seat=seat, at=end)
        seat.given_back_at = end
        seat.save(update_fields=["given_back_at"])


def rights_of(seat: Seat, contracts: Iterable[Contract]) -> Iterator[Right]:
    """What a seat opens: a fact for each contract that is in force while it is taken. Pure."""
    for contract in contracts:
        # A contract that was signed late opened nothing before.
        start = max(contract.starts_at, contract.made_at, seat.taken_at)
        end = min(contract.ends_at, seat.given_back_at or contract.ends_at)
        if start < end:
            yield Right(f"contract:{contract.pk}", Source.SEAT, start, end)


def settle_seat(seat: Seat | None, wanted: Iterable[Right], known: dict[str, AccessGrant], now: datetime) -> None:
    """`seat` is None if nobody sits on it any more: then nothing is wanted either."""
    rights = {right.key: right for right in wanted}
    for key, right in rights.items():
        if key in known:
            correct(known[key], right)
        elif seat is not None:
            open_for(seat, right)
    for key in known.keys() - rights.keys():
        withdraw(known[key], now)
    for user_id in {grant.user_id for grant in known.values()}:
        forget_access(user_id)


def open_for(seat: Seat, right: Right) -> None:
    assert seat.user is not None  # noqa: S101 - an erased person sits nowhere
    AccessGrant.objects.create(
        user=seat.user,
        level=PREMIUM,
        source=right.source,
        seat=seat,
        key=right.key,
        starts_at=right.starts_at,
        ends_at=right.ends_at,
        reason=REASON.format(organisation=seat.organisation),
    )
    forget_access(seat.user.pk)
