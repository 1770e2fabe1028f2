"""Deleting what was told long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from community.models import Mailing, Notification

if TYPE_CHECKING:
    from django.db.models import QuerySet

# A notification that was read, and one that nobody has looked at.
KEPT_READ, KEPT = timedelta(days=90), timedelta(days=365)
# Rows of one transaction: nobody waits long for it.
AT_ONCE = 5_000


def forget(*, at_once: int = AT_ONCE) -> tuple[int, int]:
    """Delete notifications and settled mailings that are old; returns how many of each.

    May be killed at any moment: the next time goes on.
    """
    now = timezone.now()
    notifications: Any = Notification.objects.all()
    mailings: Any = Mailing.objects.all()
    return (
        delete(notifications.old(read_before=now - KEPT_READ, before=now - KEPT), at_once),
        delete(mailings.settled(before=now - KEPT_READ), at_once),
    )


def delete(rows: QuerySet[Any], at_once: int) -> int:
    """In portions, the oldest first; these stand at the beginning of the key."""
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:at_once]):
        deleted += rows.filter(pk__in=keys).delete()[0]
    return deleted
