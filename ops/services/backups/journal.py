"""BackupLog follows what is: which backups lie in the storage, and which process died."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import TypedDict, cast

from django.core.files.storage import Storage
from django.db import DatabaseError
from django.utils import timezone

from ops.gateways.backups.errors import UnsoundError
from ops.gateways.backups.keys import Keys
from ops.models import BackupLog, BackupState, Verdict
from ops.services.backups import manifests
from ops.services.backups.manifests import Manifest

logger = logging.getLogger(__name__)
KILLED = "The process that took it ended before it was done."


def close_orphans(storage: Storage) -> int:
    """Mark failed what says that it runs, and remove what it left; returns how many there were.

    For whoever holds the lock of backups, so that nothing runs. One whose manifest is there is done all the same:
    `adopt` says so.
    """
    count = 0
    for log in BackupLog.objects.running():
        if manifests.has_manifest(storage, log.name):
            continue
        manifests.remove(storage, log.name)
        log.state, log.ended_at, log.error = BackupState.FAILED, timezone.now(), KILLED
        log.save(update_fields=["state", "ended_at", "error"])
        logger.error("backup %s failed: %s", log.name, KILLED)
        count += 1
    return count


def adopt(storage: Storage, keys: Keys) -> int:
    """Record backups that the storage has and this table does not know to be done; returns how many.

    After a restore the table is that of the backup, which knows neither itself nor what came after it.
    """
    # One that has its manifest is whole, whatever failed afterwards.
    unfinished = (BackupState.RUNNING, BackupState.FAILED)
    known = set(BackupLog.objects.exclude(state__in=unfinished).values_list("name", flat=True))
    count = 0
    for name in manifests.names(storage):
        if name in known:
            continue
        try:
            manifest = manifests.read(storage, name, keys)
        except UnsoundError as error:
            logger.error("backup %s cannot be used: %s", name, error)
            continue
        log = BackupLog.objects.filter(name=name).first() or BackupLog(name=name)
        log.begun_at, log.database = datetime.fromisoformat(manifest.begun_at), manifest.database
        record(log, manifest, hashlib.sha256(manifests.sealed_text(manifest, keys)).hexdigest())
        count += 1
    return count


class Verified(TypedDict):
    """What only the table knows of a backup."""

    name: str
    verdict: str
    verified_at: datetime | None
    verification_error: str
    recovery_seconds: float | None


def known_verdicts() -> list[Verified]:
    """None, if the table is not there."""
    try:
        rows = BackupLog.objects.exclude(verdict=Verdict.UNKNOWN).values(*Verified.__annotations__)
        return [cast("Verified", row) for row in rows]
    except DatabaseError:
        return []


def remember_verdicts(known: list[Verified], storage: Storage, keys: Keys) -> None:
    """Make a table that comes from a backup fit for what lies in the storage now."""
    adopt(storage, keys)
    for each in known:
        values = {key: value for key, value in each.items() if key != "name"}
        BackupLog.objects.done().filter(name=each["name"]).update(**values)
    gone = BackupLog.objects.done().exclude(name__in=manifests.names(storage))
    gone.update(state=BackupState.DELETED, deleted_at=timezone.now())


def note_restore(name: str) -> None:
    BackupLog.objects.filter(name=name).update(restored_at=timezone.now())


def record(log: BackupLog, manifest: Manifest, sha256: str) -> None:
    """It is done, and this is what its manifest says."""
    log.state, log.ended_at, log.error = BackupState.DONE, timezone.now(), ""
    log.kind, log.format_version, log.sha256 = manifest.kind, manifest.format, sha256
    log.recovery_point, log.database_size, log.size = manifest.point, manifest.database_size, manifest.size
    log.objects_stored, log.postgres_version = manifest.objects, manifest.postgres_version
    log.app_version, log.migrations = manifest.app_version, manifest.as_found.migrations
    log.row_counts = manifest.as_found.row_counts
    log.save()
