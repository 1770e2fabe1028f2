"""What operations remember."""

from ops.models.runs import ScheduledRun

__all__ = ["ScheduledRun"]
