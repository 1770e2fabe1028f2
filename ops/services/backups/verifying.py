"""Verification is a restore: into a database made for it, compared, timed, and dropped."""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import ExitStack
from datetime import datetime

from django.core.files.storage import Storage
from django.utils import timezone
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import cluster, server
from ops.gateways.backups.errors import BackupError, BusyError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupKind, BackupLog, Verdict
from ops.services.backups import log_archive, manifests
from ops.services.backups.contents import look_at
from ops.services.backups.journal import adopt
from ops.services.backups.manifests import LATEST, Manifest
from ops.services.backups.recovering import loading as loading_of
from ops.services.backups.steps import Steps, Watcher, nobody
from ops.services.backups.swapping import put_right_if_need_be

logger = logging.getLogger(__name__)

DEED = "verification"


def verify(wanted: str = LATEST, *, watcher: Watcher = nobody) -> BackupLog:
    """Prove a backup of the storage by restoring it, and return its record, with the verdict.

    The newest physical one is followed by the write-ahead log, as far as that lies in the storage.
    Raises BusyError and NotThereError, which say nothing of the backup; any other BackupError is also the verdict: what
    could not be proven is not proven.
    """
    put_right_if_need_be()
    log = record_of(wanted)
    steps = Steps(watcher)
    try:
        seconds = prove(log.name, our_keys(), steps)
    except BusyError:
        raise
    except BackupError as error:
        conclude(log, Verdict.FAILED, steps, error=str(error))
        logger.error("backup %s could not be proven: %s", log.name, error)
        raise
    conclude(log, Verdict.PASSED, steps, seconds=seconds)
    logger.info("backup %s is proven: restored in %.1f s", log.name, seconds)
    return log


def record_of(wanted: str) -> BackupLog:
    """Of a backup in the storage. Raises NotThereError, and UnsoundError if no record can be made of its manifest."""
    storage = backup_storage()
    name = manifests.find_name(storage, wanted)
    log = BackupLog.objects.done().filter(name=name).first()
    if log is None:
        keys = our_keys()
        manifests.read(storage, name, keys)
        adopt(storage, keys)
        log = BackupLog.objects.get(name=name)
    return log


def conclude(log: BackupLog, verdict: Verdict, steps: Steps, *, seconds: float | None = None, error: str = "") -> None:
    log.verdict, log.verified_at, log.verification_error = verdict, timezone.now(), error
    log.recovery_seconds = seconds
    # Of a backup that is verified again, the last time.
    log.steps = [step for step in log.steps if not step.get("verifying")] + [
        step | {"verifying": True} for step in steps.done
    ]
    log.save(update_fields=["verdict", "verified_at", "verification_error", "recovery_seconds", "steps"])


def prove(name: str, keys: Keys, steps: Steps) -> float:
    """How many seconds it took from the storage to a database that one could work with. Raises BackupError."""
    storage = backup_storage()
    with server.connected(server.NEUTRAL) as conn, server.only_one(conn, DEED), ExitStack() as stack:
        drop_leftovers(conn)
        cluster.remove_leftovers()
        begun = time.monotonic()
        manifest = manifests.read(storage, name, keys)
        until, now = proof_of_the_log(manifest, storage, keys)
        loading = stack.enter_context(loading_of(manifest, storage, keys, conn, steps, until=until, contents_now=now))
        loading.check()
        # Made for this, so that it can be no other; whoever has it already, CREATE DATABASE refuses.
        scratch = f"{scratch_prefix()}{secrets.token_hex(6)}"
        try:
            loading.load_database(scratch)
            loading.load_media(None)
            seconds = time.monotonic() - begun
            loading.compare(scratch)
        finally:
            with steps.step("drop the scratch database"):
                server.drop_database(conn, scratch)
        return seconds


def proof_of_the_log(manifest: Manifest, storage: Storage, keys: Keys) -> tuple[datetime | None, Contents | None]:
    """The last moment to which the log leads on from this backup, and what is there now; neither for an older one."""
    if not manifest.is_physical or manifests.readable(storage, keys, BackupKind.PHYSICAL)[-1].name != manifest.name:
        return None, None
    window = log_archive.window_of(storage, manifest)
    if window.end <= window.begin:
        return None, None
    # After the moment is known: what was so before it, and is so now, was so at it.
    with server.connected() as live, live.transaction():
        return window.end, look_at(live)


def scratch_prefix() -> str:
    return f"{server.database_name()[:40]}_scratch_"


def drop_leftovers(conn: Connection[TupleRow]) -> None:
    """Of verifications that were killed; for whoever holds their lock."""
    for name in server.databases_named(conn, scratch_prefix()):
        server.drop_database(conn, name)
