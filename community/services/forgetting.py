"""Deleting what was told long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from common.database import BATCH, delete_in_batches
from community import unread
from community.models import Mailing, Notification

# After it was read, and after it was made if nobody has looked at it.
KEPT_READ, KEPT = timedelta(days=90), timedelta(days=365)


def forget(*, at_once: int = BATCH) -> tuple[int, int]:
    """Delete notifications and settled mailings that are old; returns how many of each.

    May be killed at any moment: the next time goes on.
    """
    now = timezone.now()
    notifications: Any = Notification.objects.old(read_before=now - KEPT_READ, before=now - KEPT)
    mailings: Any = Mailing.objects.settled(before=now - KEPT_READ)
    counted = list(notifications.unread().order_by().values_list("user", flat=True).distinct())
    forgotten = delete_in_batches(notifications, size=at_once), delete_in_batches(mailings, size=at_once)
    unread.forget(counted)
    return forgotten
