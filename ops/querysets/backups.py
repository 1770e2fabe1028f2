"""Backups: which count, which are proven, which are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

if TYPE_CHECKING:
    from ops.models import BackupLog  # noqa: F401 - named in strings only, where the linter does not look


class BackupLogQuerySet(QuerySet["BackupLog"]):
    def running(self) -> BackupLogQuerySet:
        return self.filter(state="running")

    def done(self) -> BackupLogQuerySet:
        """Those that are there, whole, the newest first."""
        return self.filter(state="done").order_by("-begun_at", "-id")

    def proven(self) -> BackupLogQuerySet:
        """Those of `done` that were restored, and found equal."""
        return self.done().filter(verdict="passed")
