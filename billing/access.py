"""Who may read what: the one home of that rule. Billing knows levels, not tutorials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

FREE = "free"
PREMIUM = "premium"


@dataclass(frozen=True)
class Access:
    """Whether somebody may read, until when (None: no end is known), and why (a code)."""

    allowed: bool
    until: datetime | None
    why: str


def may_read(user: User | AnonymousUser, level: str) -> Access:
    """Free is open to all; premium is open to staff until memberships can be bought."""
    if level == FREE:
        return Access(allowed=True, until=None, why="free")
    if user.is_authenticated and user.acts_as_staff:
        return Access(allowed=True, until=None, why="staff")
    return Access(allowed=False, until=None, why="premium_required")
