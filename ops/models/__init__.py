"""What operations remember."""

from ops.models.alarms import Alarm
from ops.models.runs import ScheduledRun

__all__ = ["Alarm", "ScheduledRun"]
