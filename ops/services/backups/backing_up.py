"""Taking a backup: database and uploaded files, sealed on their way, read back, and named by a manifest at the end."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress

from django.core.files.storage import Storage
from django.db import DatabaseError, ProgrammingError, transaction
from django.utils import timezone

from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.storages import backup_storage
from ops.gateways.backups.wal import MOMENT
from ops.models import BackupKind, BackupLog, BackupState
from ops.services.backups import manifests
from ops.services.backups.journal import adopt, close_orphans, record
from ops.services.backups.manifests import (
    Manifest,
)
from ops.services.backups.steps import Steps, Watcher, nobody
from ops.services.backups.swapping import put_right_if_need_be
from ops.services.backups.taking import Taking, TakingLogical
from ops.services.backups.taking_files import TakingPhysical

logger = logging.getLogger(__name__)

DEED = "backup"
TAKING: dict[BackupKind, type[Taking]] = {each.kind: each for each in (TakingLogical, TakingPhysical)}


def back_up(kind: BackupKind = BackupKind.LOGICAL, *, watcher: Watcher = nobody) -> BackupLog:
    """Take a backup, and return its record, done.

    Raises BusyError, RefusedError (before anything is written) or another BackupError, when the record says why and no
    backup is there.
    """
    keys, storage = our_keys(), backup_storage()
    put_right_if_need_be()
    with server.connected() as conn, server.only_one(conn, DEED):
        taking = TAKING[kind](keys, storage, conn, Steps(watcher))
        taking.check()
        log = begin(kind, storage, keys)
        steps = taking.steps
        try:
            manifest, sha256 = taking.take(log.name, log.begun_at)
        except BaseException as error:
            give_up(log, storage, error, steps)
            raise
        return finish(log, manifest, sha256, steps)


def begin(kind: BackupKind, storage: Storage, keys: Keys) -> BackupLog:
    """A record that says that it runs, after what is left of those that were killed is put right."""
    now = timezone.now()
    name = f"{kind}-{now.strftime(MOMENT)}-{secrets.token_hex(3)}"
    try:
        close_orphans(storage)
        adopt(storage, keys)
        return BackupLog.objects.create(name=name, kind=kind, begun_at=now, database=server.database_name())
    except ProgrammingError as error:
        raise BackupError(f"The table of backups is not there; run `manage.py migrate` first ({error}).") from error


def give_up(log: BackupLog, storage: Storage, error: BaseException, steps: Steps) -> None:
    with suppress(BackupError):
        manifests.remove(storage, log.name)
    log.state, log.ended_at, log.steps = BackupState.FAILED, timezone.now(), steps.done
    log.error = str(error) or type(error).__name__
    # Where the database is away, the next backup finds this one.
    with suppress(DatabaseError):
        log.save(update_fields=["state", "ended_at", "error", "steps"])
    logger.error("backup %s failed: %s", log.name, log.error)


@transaction.atomic
def finish(log: BackupLog, manifest: Manifest, sha256: str, steps: Steps) -> BackupLog:
    log.steps = steps.done
    record(log, manifest, sha256)
    logger.info("backup %s is done: %d bytes", log.name, manifest.size)
    return log
