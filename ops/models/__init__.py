"""What operations remember."""

from ops.models.alarms import Alarm
from ops.models.runs import ScheduledRun
from ops.models.system import System

__all__ = ["Alarm", "ScheduledRun", "System"]
