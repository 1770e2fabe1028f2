"""Questions about what ran by the clock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

if TYPE_CHECKING:
    from ops.models import ScheduledRun  # noqa: F401 - in a string


class ScheduledRunQuerySet(QuerySet["ScheduledRun"]):
    def done(self) -> ScheduledRunQuerySet:
        """Those that did what they should."""
        return self.filter(ended_at__isnull=False, error="")

    def last_of_each(self) -> ScheduledRunQuerySet:
        """The newest of each command."""
        return self.order_by("command", "-slot").distinct("command")

    def older_than(self, moment: datetime) -> ScheduledRunQuerySet:
        """But for the last of each command that did what it should, however long ago."""
        newer = self.model._default_manager.done().filter(command=OuterRef("command"), slot__gt=OuterRef("slot"))
        return self.filter(Exists(newer), slot__lt=moment)
