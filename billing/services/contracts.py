"""What our staff agree with organisations, and reminding their owners before it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from billing.emails import organisations as emails
from billing.models import Contract, Membership, Organisation
from billing.models.organisations import CONTRACT_ENDS_BEFORE_START, CONTRACTS_OVERLAP
from billing.services import standing
from billing.services.seats import settle

if TYPE_CHECKING:
    from accounts.models import User

IS_PAST = "Choose an end in the future."
IS_OVER = "This contract is over and stays as a record. Make a new one."
ONLY_EARLIER = "A contract can only end earlier than was agreed. To go on for longer, make a new one."
# Days before the end at which owners are reminded, the latest first.
REMINDED = (7, 30)


@transaction.atomic
def make_contract(
    *,
    organisation: Organisation,
    seats: int,
    annual_amount: int,
    currency: str = "USD",
    starts_at: datetime | None = None,
    ends_at: datetime,
    note: str = "",
    by: User,
) -> Contract:
    """Agree on seats for a time, from now unless a start is named; a contract that runs then ends there.

    `annual_amount` is in the smallest unit of the currency. With fewer seats than are taken, those who sat down last
    get up as it starts. Raises PermissionDenied; ValidationError by field.
    """
    standing.require_staff(by)
    organisation = standing.lock(organisation)
    now = timezone.now()
    start = starts_at or now
    check_time(organisation, start, ends_at, now)
    if start >= now:
        # A change is a new contract: what was agreed before holds until then.
        organisation.contracts.in_force(start).update(ends_at=start)
    contract = Contract(
        organisation=organisation,
        seats=seats,
        annual_amount=annual_amount,
        currency=currency,
        starts_at=start,
        ends_at=ends_at,
        note=note.strip(),
        made_at=now,
    )
    contract.full_clean(exclude=["organisation"])
    contract.save(force_insert=True)
    settle(organisation)
    return contract


def check_time(organisation: Organisation, start: datetime, ends_at: datetime, now: datetime) -> None:
    """Whether a contract may have this time; one that is in force as it starts ends there, and is not in its way.

    Raises ValidationError by field.
    """
    if ends_at <= now:
        raise ValidationError({"ends_at": ValidationError(IS_PAST, code="past")})
    if ends_at <= start:
        raise ValidationError({"ends_at": ValidationError(CONTRACT_ENDS_BEFORE_START, code="end_before_start")})
    others = organisation.contracts.filter(starts_at__lt=ends_at, ends_at__gt=start)
    in_the_way = others.filter(starts_at__gte=start) if start >= now else others
    if in_the_way.exists():
        raise ValidationError({"starts_at": ValidationError(CONTRACTS_OVERLAP, code="overlap")})


@transaction.atomic
def end_contract(*, contract: Contract, by: User, at: datetime | None = None) -> None:
    """Have a contract end earlier, at once unless a time is named; one that has not begun by then goes.

    Raises PermissionDenied, ValidationError.
    """
    standing.require_staff(by)
    organisation = standing.lock(contract.organisation)
    now = timezone.now()
    end = at or now
    contract.refresh_from_db()
    check_end(contract, end, now)
    if contract.starts_at >= end:
        contract.delete()
    else:
        contract.ends_at = end
        contract.save(update_fields=["ends_at"])
    settle(organisation)


def check_end(contract: Contract, end: datetime, now: datetime) -> None:
    """Raises ValidationError, mostly on `ends_at`."""
    if contract.is_over(now):
        raise ValidationError(IS_OVER, code="over")
    if end < now:
        raise ValidationError({"ends_at": ValidationError(IS_PAST, code="past")})
    if end > contract.ends_at:
        raise ValidationError({"ends_at": ValidationError(ONLY_EARLIER, code="later")})


def remind_of_contracts() -> int:
    """Mail owners 30 and 7 days before a contract ends after which none follows; returns how many contracts.

    Once each, however often it is called.
    """
    now = timezone.now()
    ending = Contract.objects.in_force(now).filter(ends_at__lte=now + timedelta(days=max(REMINDED)))
    unfollowed = ending.exclude(pk__in=Contract.objects.followed())
    return sum(remind(key, now) for key in list(unfollowed.values_list("pk", flat=True)))


@transaction.atomic
def remind(key: int, now: datetime) -> bool:
    """False if they know already, or somebody else is telling them."""
    rows = Contract.objects.select_for_update(skip_locked=True, of=("self",)).select_related("organisation")
    contract = rows.filter(pk=key).first()
    if contract is None:
        return False
    days = next((days for days in REMINDED if contract.ends_at - now <= timedelta(days=days)), None)
    if days is None or (contract.reminded is not None and contract.reminded <= days):
        return False
    contract.reminded = days
    contract.save(update_fields=["reminded"])
    owners = Membership.objects.alive().owners().filter(organisation=contract.organisation, user__is_active=True)
    for owner in owners.select_related("user"):
        emails.contract_ends(contract=contract, owner=owner)
    return True
