"""What the clock does every night: take a backup, prove it, and delete what no period needs any more."""

from __future__ import annotations

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


def start_in_background(kind: BackupKind = BackupKind.LOGICAL, *, nightly: bool) -> int:
    """Take a backup in a process of its own, since it may last longer than a task; returns the process id.

    Raises RefusedError if there is no key.
    """
    our_keys()
    return start_command("backup", "--wait", "--verbosity=0", f"--kind={kind}", *(["--nightly"] if nightly else []))
