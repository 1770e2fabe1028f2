"""Who may read what: the one home of that rule. Billing knows levels, not tutorials."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from billing.levels import FREE, LEVELS, PREMIUM
from billing.models import AccessGrant, Source
from common.remembering import forget, remembered

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from billing.querysets.access import Fact

__all__ = ["FREE", "LEVELS", "PREMIUM", "Access", "forget_access", "levels_open_to", "may_read", "readers_among"]

REMEMBERED = 300  # seconds


@dataclass(frozen=True)
class Access:
    """Whether somebody may read, until when (None: no end is known), and why.

    `why` is a code: free, staff, premium_required, or a Source, such as stripe, trial, grace, seat.
    """

    allowed: bool
    until: datetime | None
    why: str


OPEN_TO_ALL = Access(allowed=True, until=None, why="free")
OPEN_TO_STAFF = Access(allowed=True, until=None, why="staff")
CLOSED = Access(allowed=False, until=None, why="premium_required")


def may_read(user: User | AnonymousUser, level: str, at: datetime | None = None) -> Access:
    """Whether a level is open to somebody, now or at another time.

    Free is open to all, everything to staff, and what else to whom it was given. At most one query for grants, and
    none for a while after that; about another time than now it is always asked. Raises ValueError for a level that
    does not exist.
    """
    return access_to([level], user, at)[level]


def levels_open_to(user: User | AnonymousUser, at: datetime | None = None) -> frozenset[str]:
    """All levels that somebody may read. Queries as `may_read`."""
    return frozenset(level for level, access in access_to(LEVELS, user, at).items() if access.allowed)


def access_to(levels: Collection[str], user: User | AnonymousUser, at: datetime | None) -> dict[str, Access]:
    """By level. What is given or revoked acts at the next question, what begins or ends does so to the second."""
    if unknown := set(levels) - set(LEVELS):
        raise ValueError(f"unknown level of access: {', '.join(sorted(unknown))}")
    access = {level: OPEN_TO_ALL if level == FREE else CLOSED for level in levels}
    gated = [level for level in levels if level != FREE]
    if not gated or not user.is_authenticated or not user.is_active:
        return access
    if user.acts_as_staff:
        return access | dict.fromkeys(gated, OPEN_TO_STAFF)
    facts = facts_of(user.pk) if at is None else AccessGrant.objects.filter(user=user).facts(at)
    opened = opened_by(facts, at or timezone.now())
    return access | {level: opened[level] for level in gated if level in opened}


def facts_of(user_id: int) -> list[Fact]:
    """What opens something to somebody now or later; kept for a while, and found anew once it has changed."""
    return remembered(
        key_of(user_id),
        lambda: AccessGrant.objects.filter(user=user_id).facts(timezone.now()),
        seconds=REMEMBERED,
    )


def forget_access(user_id: int) -> None:
    """Call it in the transaction that changes what is opened to somebody, after the change."""
    forget(key_of(user_id))


def key_of(user_id: int) -> str:
    return f"access:{user_id}"


def opened_by(facts: Iterable[Fact], at: datetime) -> dict[str, Access]:
    """Level → access, for each that is open at this time; pure.

    Facts that overlap, or of which one begins as the other ends, count as one. Days of grace that have not begun are
    no promise: whoever has paid until a day reads that day.
    """
    opened: dict[str, Access] = {}
    for level, starts_at, over_at, source in facts:
        is_over = over_at is not None and over_at <= at
        if is_over or (source == Source.GRACE and starts_at > at):
            continue
        known = opened.get(level)
        if known is None:
            if starts_at <= at:
                opened[level] = Access(allowed=True, until=over_at, why=source)
        elif known.until is not None and starts_at <= known.until and (over_at is None or over_at > known.until):
            # The reason is what opens it now, and of several that which does so the longest.
            why = source if starts_at <= at else known.why
            opened[level] = Access(allowed=True, until=over_at, why=why)
    return opened


def readers_among(people: Iterable[User], level: str, at: datetime | None = None) -> set[int]:
    """The keys of those to whom a level is open: `may_read` of many, by one query for their grants.

    One more for each who is staff. Raises ValueError for a level that does not exist.
    """
    here = [person for person in people if person.is_active]
    if level not in LEVELS:
        raise ValueError(f"unknown level of access: {level}")
    if level == FREE:
        return {person.pk for person in here}
    granted = AccessGrant.objects.in_force(at or timezone.now()).filter(level=level, user__in=here)
    return {person.pk for person in here if person.acts_as_staff} | set(granted.values_list("user_id", flat=True))
