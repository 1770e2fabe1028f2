"""What operations keep in the database."""

from ops.models.alarms import Alarm, Problem
from ops.models.backups import BackupKind, BackupLog, BackupState, Verdict
from ops.models.logs import ErrorGroup, Level, SystemLog
from ops.models.runs import ScheduledRun
from ops.models.system import System
from ops.models.wal import WriteAheadLog

__all__ = [
    "Alarm",
    "BackupKind",
    "BackupLog",
    "BackupState",
    "ErrorGroup",
    "Level",
    "Problem",
    "ScheduledRun",
    "System",
    "SystemLog",
    "Verdict",
    "WriteAheadLog",
]
