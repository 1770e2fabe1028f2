"""What the clock does every night: take a backup, prove it, and delete what no period needs any more."""

from __future__ import annotations

from django.conf import settings

from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import our_keys
from ops.gateways.processes import start_command
from ops.models import BackupKind, BackupLog
from ops.services.backups.backing_up import back_up
from ops.services.backups.pruning import prune
from ops.services.backups.steps import Watcher, nobody
from ops.services.backups.verifying import verify


def do_it_all(kind: BackupKind = BackupKind.LOGICAL, *, watcher: Watcher = nobody) -> BackupLog:
    """The record of the new backup, proven. Raises BackupError; nothing is deleted unless it is proven."""
    log = verify(back_up(kind, watcher=watcher).name, watcher=watcher)
    prune()
    return log


def do_every_kind(*, watcher: Watcher = nobody) -> list[BackupLog]:
    """The same for each kind that the settings want. Raises BackupError if one failed, after all were tried."""
    logs, failures = [], []
    for kind in wanted_kinds():
        try:
            logs.append(do_it_all(kind, watcher=watcher))
        except BackupError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return logs


def start_proof(name: str) -> int:
    """Verify a backup in a process of its own; returns the process id."""
    return start_command("verify_backup", name, "--verbosity=0")


def wanted_kinds() -> tuple[BackupKind, ...]:
    """A dump can be restored anywhere; the files of the server are what its log leads on from."""
    return (BackupKind.LOGICAL, BackupKind.PHYSICAL) if settings.BACKUP_WAL else (BackupKind.LOGICAL,)


def start_in_background(kind: BackupKind | None = None, *, nightly: bool) -> int:
    """Take a backup in a process of its own, since it may last longer than a task; returns the process id.

    Raises RefusedError if there is no key.
    """
    our_keys()
    arguments = [*([f"--kind={kind}"] if kind else []), *(["--nightly"] if nightly else [])]
    return start_command("backup", "--wait", "--verbosity=0", *arguments)
