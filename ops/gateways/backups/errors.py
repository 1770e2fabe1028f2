"""What goes wrong with backups; each says what to do, and how a command ends (docs/operations.md)."""

from __future__ import annotations


class BackupError(Exception):
    """Something about a backup failed; the message names the part."""

    exit_code = 1


class BusyError(BackupError):
    """Somebody else is at it."""

    exit_code = 3


class RefusedError(BackupError):
    """It was not confirmed, or the tools at hand do not fit; nothing was touched."""

    exit_code = 4


class UnsoundError(BackupError):
    """The backup itself is not what it should be: truncated, altered, foreign, or sealed with another key."""

    exit_code = 5


class NotThereError(BackupError):
    """There is no such backup."""

    exit_code = 6


class StorageError(BackupError):
    """The place where backups lie cannot be used."""

    exit_code = 7
