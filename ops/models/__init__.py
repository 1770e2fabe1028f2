"""What operations keep in the database."""

from ops.models.backups import BackupKind, BackupLog, BackupState, Verdict
from ops.models.logs import ErrorGroup, Level, SystemLog

__all__ = ["BackupKind", "BackupLog", "BackupState", "ErrorGroup", "Level", "SystemLog", "Verdict"]
