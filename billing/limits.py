"""How often one member may have us talk to a provider: the same figure for pages and API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import limits

if TYPE_CHECKING:
    from accounts.models import User

TALKS_OF_ONE_MEMBER = "60/10m"
# Whoever has looked at prices too often must still be able to leave.
CANCELLATIONS = "20/10m"


def knock(user: User) -> None:
    """Count one request that leads to a question to a provider. Raises Limited."""
    limits.spend("talk to a provider", str(user.pk), TALKS_OF_ONE_MEMBER)


def knock_to_leave(user: User) -> None:
    """The same for a cancellation, which counts by itself. Raises Limited."""
    limits.spend("cancel a subscription", str(user.pk), CANCELLATIONS)
