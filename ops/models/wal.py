"""How far the write-ahead log lies in the storage of backups."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class WriteAheadLog(models.Model):  # noqa: DJ008 - there is one, which nobody names
    """One row. That it is written every few seconds is in the log itself, so there is always something to recover to.

    By the clock of PostgreSQL, which also dates what is committed.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    beaten_at = models.DateTimeField(help_text="When whoever receives the log last gave a sign of life.")
    stored_until = models.DateTimeField(
        null=True, blank=True, help_text="What was committed before this moment lies in the storage of backups."
    )
    problem = models.TextField(blank=True, help_text="Why nothing can be stored just now; empty if it can.")

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(id=1), name="write_ahead_log_is_one", violation_error_message="There is one row only."
            ),
        ]
