"""Taking a backup: database and uploaded files, sealed on their way, read back, and named by a manifest at the end."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage
from django.db import DatabaseError, ProgrammingError, transaction
from django.utils import timezone
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.gateways.backups.connector import connector
from ops.gateways.backups.errors import BackupError, StorageError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.looking import Contents, contents_of
from ops.gateways.backups.media import packing
from ops.gateways.backups.programs import program
from ops.gateways.backups.storages import Readable, backup_storage, told_plainly
from ops.gateways.backups.streams import Counted, sealed
from ops.models import BackupKind, BackupLog, BackupState
from ops.services.backups import manifests
from ops.services.backups.journal import adopt, close_orphans, record
from ops.services.backups.manifests import DATABASE, FORMAT, MEDIA, Manifest, StoredObject
from ops.services.backups.steps import Steps, Watcher, nobody

logger = logging.getLogger(__name__)

DEED = "backup"


def back_up(*, watcher: Watcher = nobody) -> BackupLog:
    """Take a logical backup, and return its record, done.

    Raises BusyError, RefusedError (before anything is written) or another BackupError, when the record says why and no
    backup is there.
    """
    keys, storage = our_keys(), backup_storage()
    with server.connected() as conn, server.only_one(conn, DEED):
        for name in ("pg_dump", "pg_restore"):
            program(name, major=server.major_of(conn))
        log = begin(storage, keys)
        steps = Steps(watcher)
        try:
            manifest, sha256 = Taking(log.name, log.begun_at, keys, storage, conn, steps).take()
        except BaseException as error:
            give_up(log, storage, error, steps)
            raise
        return finish(log, manifest, sha256, steps)


def begin(storage: Storage, keys: Keys) -> BackupLog:
    """A record that says that it runs, after what is left of those that were killed is put right."""
    now = timezone.now()
    name = f"{BackupKind.LOGICAL}-{now.strftime(manifests.MOMENT)}-{secrets.token_hex(3)}"
    try:
        close_orphans(storage)
        adopt(storage, keys)
        return BackupLog.objects.create(name=name, begun_at=now, database=server.database_name())
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


class Taking:
    """One backup on its way: each object flows from its source through zstd and age into the storage."""

    def __init__(
        self, name: str, begun_at: datetime, keys: Keys, storage: Storage, conn: Connection[TupleRow], steps: Steps
    ) -> None:
        self.name, self.begun_at, self.keys, self.storage, self.conn, self.steps = (
            *(name, begun_at, keys, storage, conn, steps),
        )

    def take(self) -> tuple[Manifest, str]:
        """The manifest and its SHA-256, once both are in the storage."""
        major, point, size = server.major_of(self.conn), timezone.now(), self.size_of_database()
        dump, contents = self.dump(major)
        media, inventory = self.media()
        manifest = Manifest(
            format=FORMAT,
            name=self.name,
            kind=BackupKind.LOGICAL.value,
            begun_at=self.begun_at.isoformat(),
            recovery_point=point.isoformat(),
            database=server.database_name(),
            database_size=size,
            postgres_version=str(server.one(self.conn, "SHOW server_version")),
            postgres_major=major,
            app_version=settings.APP_VERSION,
            locale=server.locale_of(self.conn),
            contents=contents.as_json(),
            media=inventory,
            objects=[vars(dump), vars(media)],
        )
        with self.steps.step("write the manifest"):
            return manifest, sha256_of(manifests.write(self.storage, manifest, self.keys))

    def size_of_database(self) -> int:
        return int(server.one(self.conn, "SELECT pg_database_size(current_database())"))

    def dump(self, major: int) -> tuple[StoredObject, Contents]:
        """The dump, and what was in the database at the very moment of which it is."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            made = connector(major=major)
            made.snapshot = str(server.one(self.conn, "SELECT pg_export_snapshot()"))
            # Counting needs the connection only, dumping all else.
            with ThreadPoolExecutor(1) as pool, made.create_dump() as running:
                counting = pool.submit(contents_of, self.conn)
                stored = self.store("dump the database", DATABASE, running, running.finish)
                contents = counting.result()
        self.read_back(stored)
        return stored, contents

    def media(self) -> tuple[StoredObject, dict[str, object]]:
        with packing(Path(settings.MEDIA_ROOT)) as packed:
            stored = self.store("pack the uploaded files", MEDIA, packed, packed.finish)
        self.read_back(stored)
        return stored, packed.inventory.as_json()

    def store(self, step: str, object_name: str, source: Readable, finish: Callable[[], None]) -> StoredObject:
        path = f"{self.name}/{object_name}"
        with self.steps.step(step) as at, sealed(source, self.keys, finish) as flowing:
            counted = Counted(flowing, at.tell)
            with told_plainly(path):
                self.storage.save(path, Flow(counted, path))
        return StoredObject(object_name, counted.size, counted.sha256)

    def read_back(self, stored: StoredObject) -> None:
        """Whether the storage has what it took. Raises StorageError."""
        path = f"{self.name}/{stored.name}"
        with self.steps.step(f"read {stored.name} back") as at, told_plainly(path), self.storage.open(path) as file:
            counted = Counted(file, at.tell)
            counted.drain()
        if (counted.size, counted.sha256) != (stored.size, stored.sha256):
            raise StorageError(
                f"{path} reads back differently from what was written: the storage is not to be trusted."
            )


class Flow(File):
    """What Django's storages take, of something that can only be read once, and whose size nobody knows yet."""

    def __init__(self, source: Counted, name: str) -> None:
        super().__init__(None, name)
        self.source = source

    def read(self, size: int = -1, /) -> bytes:
        return self.source.read(size)

    @property
    def closed(self) -> bool:
        return False


def sha256_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
