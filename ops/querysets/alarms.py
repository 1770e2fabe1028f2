"""Questions about alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

if TYPE_CHECKING:
    from ops.models import Alarm  # noqa: F401 - in a string


class AlarmQuerySet(QuerySet["Alarm"]):
    def lasting(self) -> AlarmQuerySet:
        return self.filter(ended_at=None)

    def begin_untold(self) -> AlarmQuerySet:
        """Problems of which no mail has told yet; of those that were over before one could, none has to."""
        return self.lasting().filter(told_begin=False).order_by("pk")

    def end_untold(self) -> AlarmQuerySet:
        return self.filter(ended_at__isnull=False, told_begin=True, told_end=False).order_by("pk")
