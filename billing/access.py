"""Who may read what: the one home of that rule. Billing knows levels, not tutorials."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from billing.levels import FREE, LEVELS, PREMIUM
from billing.models import AccessGrant

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

__all__ = ["FREE", "LEVELS", "PREMIUM", "Access", "levels_open_to", "may_read", "readers_among"]


@dataclass(frozen=True)
class Access:
    """Whether somebody may read, until when (None: no end is known), and why (a code)."""

    allowed: bool
    until: datetime | None
    why: str


OPEN_TO_ALL = Access(allowed=True, until=None, why="free")
OPEN_TO_STAFF = Access(allowed=True, until=None, why="staff")
CLOSED = Access(allowed=False, until=None, why="premium_required")


def may_read(user: User | AnonymousUser, level: str, at: datetime | None = None) -> Access:
    """Whether a level is open to somebody, now or at another time.

    Free is open to all, everything to staff, and what else to whom it was given. At most one query
    for grants. Raises ValueError for a level that does not exist.
    """
    return access_to([level], user, at)[level]


def levels_open_to(user: User | AnonymousUser, at: datetime | None = None) -> frozenset[str]:
    """All levels that somebody may read. At most one query for grants."""
    return frozenset(level for level, access in access_to(LEVELS, user, at).items() if access.allowed)


def access_to(levels: Collection[str], user: User | AnonymousUser, at: datetime | None) -> dict[str, Access]:
    """By level. Nothing is remembered: a grant that was given or revoked acts at the next question."""
    if unknown := set(levels) - set(LEVELS):
        raise ValueError(f"unknown level of access: {', '.join(sorted(unknown))}")
    access = {level: OPEN_TO_ALL if level == FREE else CLOSED for level in levels}
    gated = [level for level in levels if level != FREE]
    if not gated or not user.is_authenticated or not user.is_active:
        return access
    if user.acts_as_staff:
        return access | dict.fromkeys(gated, OPEN_TO_STAFF)
    until = AccessGrant.objects.filter(user=user, level__in=gated).open_until(at or timezone.now())
    return access | {level: Access(allowed=True, until=end, why="grant") for level, end in until.items()}


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
