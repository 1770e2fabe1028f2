"""How many unread notifications somebody has, which every page shows: kept in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import remembering
from community.models import Notification

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User

KEPT = 10 * 60  # seconds
# A page that shows the count of before does little harm.
MARKED = 5  # seconds
MOST_COUNTED = 99
# Of the person of a request.
NOTHING_WAITS = "no_notification_waits"


def unread_count(user: User) -> int:
    """Up to MOST_COUNTED: beyond it nobody counts."""
    if getattr(user, NOTHING_WAITS, False):
        return 0

    def count() -> int:
        return Notification.objects.visible_to(user).unread()[:MOST_COUNTED].count()

    return remembering.remembered(key_of(user.pk), count, seconds=KEPT)


def note(user: User, *, has_any: bool) -> None:
    """What a page has found out by a query of its own: where nothing waits, `unread_count` need not ask."""
    setattr(user, NOTHING_WAITS, not has_any)


def forget(people: Iterable[int]) -> None:
    """Call it in the transaction that changes what is unread, after the change."""
    remembering.forget(*map(key_of, people), marked=MARKED)


def key_of(user: int) -> str:
    return f"community:unread:{user}"
