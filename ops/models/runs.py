"""What ran by the clock, and how it ended."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from ops.querysets.runs import ScheduledRunQuerySet

LONGEST_ERROR = 500  # characters


class ScheduledRun(models.Model):
    """One command at one time of its schedule: never two, whatever number of beats there are."""

    command = models.CharField(max_length=100)
    # The time of the schedule that this run is for, not when it came to it.
    slot = models.DateTimeField()
    # Of the message, so that the same one, delivered again after its worker died, is let in again.
    task_id = models.CharField(max_length=100)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = ScheduledRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["command", "slot"],
                name="ops_scheduledrun_once",
                violation_error_message="This command has run for this time.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.command} of {self.slot:%Y-%m-%d %H:%M}"

    @property
    def took(self) -> timedelta | None:
        """None while it runs, and if its worker died."""
        return self.ended_at - self.begun_at if self.ended_at else None

    @property
    def is_done(self) -> bool:
        """Whether it did what it should."""
        return self.ended_at is not None and not self.error
