"""What operations keep in the database."""

from ops.models.backups import BackupKind, BackupLog, BackupState, Verdict

__all__ = ["BackupKind", "BackupLog", "BackupState", "Verdict"]
