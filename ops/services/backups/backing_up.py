"""Taking a backup: database and uploaded files, sealed on their way, read back, and named by a manifest at the end."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import secrets
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import Storage
from django.db import DatabaseError, ProgrammingError, transaction
from django.utils import timezone
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.gateways.backups.base import ListKept, base_backup, log_kept, refuse_without_right
from ops.gateways.backups.connector import connector
from ops.gateways.backups.errors import BackupError, StorageError, UnsoundError
from ops.gateways.backups.keys import Keys, our_keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.media import packing
from ops.gateways.backups.programs import program
from ops.gateways.backups.storages import Readable, backup_storage, save_stream, told_plainly
from ops.gateways.backups.streams import Counted, open_into, sealed
from ops.models import BackupKind, BackupLog, BackupState
from ops.services.backups import log_archive, manifests
from ops.services.backups.contents import look_at
from ops.services.backups.journal import adopt, close_orphans, record
from ops.services.backups.manifests import (
    CLUSTER,
    CLUSTER_LIST,
    DATABASE,
    FORMAT,
    MEDIA,
    Cluster,
    Manifest,
    StoredObject,
)
from ops.services.backups.steps import Steps, Watcher, nobody
from ops.services.backups.swapping import put_right_if_need_be

logger = logging.getLogger(__name__)

DEED = "backup"
# How old a full backup may be that others build on; the server keeps its summaries of changes for ten days.
FULL_EVERY = timedelta(days=6, hours=12)


@dataclass(frozen=True)
class Taken:
    """Of the database, without the uploaded files."""

    contents: Contents
    objects: list[StoredObject]
    cluster: Cluster | None = None


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
    name = f"{kind}-{now.strftime(manifests.MOMENT)}-{secrets.token_hex(3)}"
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


class Taking:
    """One backup on its way: each object flows from its source through zstd and age into the storage."""

    kind: BackupKind
    programs: tuple[str, ...]

    def __init__(self, keys: Keys, storage: Storage, conn: Connection[TupleRow], steps: Steps) -> None:
        self.keys, self.storage, self.conn, self.steps = keys, storage, conn, steps
        self.major = server.major_of(conn)
        self.name = ""

    def check(self) -> None:
        """What can be said before anything is written. Raises RefusedError."""
        for name in self.programs:
            program(name, major=self.major)

    def take(self, name: str, begun_at: datetime) -> tuple[Manifest, str]:
        """The manifest and its SHA-256, once both are in the storage."""
        self.name = name
        point, size = self.clock(), int(server.one(self.conn, "SELECT pg_database_size(current_database())"))
        taken = self.take_database()
        media, inventory = self.media()
        manifest = Manifest(
            format=FORMAT,
            name=name,
            kind=self.kind.value,
            begun_at=begun_at.isoformat(),
            recovery_point=point.isoformat(),
            database=server.database_name(),
            database_size=size,
            postgres_version=str(server.one(self.conn, "SHOW server_version")),
            postgres_major=self.major,
            app_version=settings.APP_VERSION,
            locale=server.locale_of(self.conn),
            contents=taken.contents.as_json(),
            media=inventory,
            objects=[*map(vars, taken.objects), vars(media)],
            cluster=asdict(taken.cluster) if taken.cluster else {},
        )
        with self.steps.step("write the manifest"):
            return manifest, sha256_of(manifests.write(self.storage, manifest, self.keys))

    def take_database(self) -> Taken:
        raise NotImplementedError

    def clock(self) -> datetime:
        """The server's, by which it also dates what is committed."""
        moment: datetime = server.one(self.conn, "SELECT clock_timestamp()")
        return moment

    def media(self) -> tuple[StoredObject, dict[str, object]]:
        with packing(Path(settings.MEDIA_ROOT)) as packed:
            stored = self.store("pack the uploaded files", MEDIA, packed, packed.finish)
        self.read_back(stored)
        return stored, packed.inventory.as_json()

    def store(self, step: str, object_name: str, source: Readable, finish: Callable[[], None]) -> StoredObject:
        path = f"{self.name}/{object_name}"
        with self.steps.step(step) as at, sealed(source, self.keys, finish) as flowing:
            counted = Counted(flowing, at.tell)
            save_stream(self.storage, path, counted)
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


class TakingLogical(Taking):
    """The database by `pg_dump`."""

    kind = BackupKind.LOGICAL
    programs = ("pg_dump", "pg_restore")

    def take_database(self) -> Taken:
        """The dump, and what was in the database at the very moment of which it is."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            made = connector(major=self.major)
            made.snapshot = str(server.one(self.conn, "SELECT pg_export_snapshot()"))
            # Counting needs the connection only, dumping all else.
            with ThreadPoolExecutor(1) as pool, made.create_dump() as running:
                counting = pool.submit(look_at, self.conn)
                stored = self.store("dump the database", DATABASE, running, running.finish)
                contents = counting.result()
        self.read_back(stored)
        return Taken(contents, [stored])


class TakingPhysical(Taking):
    """All files of the server by `pg_basebackup`; only what has changed since the last full one, if that is young."""

    kind = BackupKind.PHYSICAL
    programs = ("pg_basebackup", "pg_verifybackup", "pg_combinebackup")

    def check(self) -> None:
        super().check()
        refuse_without_right(self.conn)

    def take_database(self) -> Taken:
        with self.snapshot(), ThreadPoolExecutor(1) as pool, server.connected(server.NEUTRAL) as other:
            counting = pool.submit(look_at, self.conn)
            with log_kept(other):
                full = self.full_to_build_on()
                flowed, stored = self.copy(full)
            contents = counting.result()
        consistent = self.clock()
        with self.snapshot():
            after = look_at(self.conn)
        self.read_back(stored)
        kept = self.store("keep the list of its files", CLUSTER_LIST, io.BytesIO(flowed.list), lambda: None)
        cluster = self.cluster_of(json.loads(flowed.list), flowed.size, consistent, full, after)
        return Taken(contents, [stored, kept], cluster)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield

    def full_to_build_on(self) -> Manifest | None:
        """None if the next is to be a full one."""
        if server.one(self.conn, "SHOW summarize_wal") != "on":
            return None
        system = server.one(self.conn, "SELECT system_identifier::text FROM pg_control_system()")
        for each in reversed(log_archive.physical(self.storage, self.keys)):
            cluster = each.of_cluster
            if cluster.full:
                continue
            fits = cluster.system_identifier == system and each.postgres_major == self.major
            return each if fits and timezone.now() - each.point < FULL_EVERY else None
        return None

    def copy(self, full: Manifest | None) -> tuple[ListKept, StoredObject]:
        with tempfile.NamedTemporaryFile(prefix="how-to-ai-") as file:
            if full:
                self.fetch_list(full, file)
            since = Path(file.name) if full else None
            with base_backup(major=self.major, label=self.name, changes_since=since) as running:
                flowed = ListKept(running)
                step = f"copy what has changed since {full.name}" if full else "copy the files of the server"
                return flowed, self.store(step, CLUSTER, flowed, running.finish)

    def fetch_list(self, full: Manifest, file: IO[bytes]) -> None:
        path, stored = full.path_of(CLUSTER_LIST), full.stored[CLUSTER_LIST]
        with told_plainly(path), self.storage.open(path) as source:
            counted = Counted(source)
            open_into(counted, file, self.keys, what=path)
        if counted.sha256 != stored.sha256:
            raise UnsoundError(f"{path} is another object than its manifest names: its SHA-256 differs.")
        file.flush()

    def cluster_of(
        self, listed: dict[str, Any], size: int, consistent: datetime, full: Manifest | None, after: Contents
    ) -> Cluster:
        # More than one if the server became a primary meanwhile, which pg_basebackup does not survive.
        (needed,) = listed["WAL-Ranges"]
        return Cluster(
            system_identifier=str(listed["System-Identifier"]),
            timeline=needed["Timeline"],
            start=needed["Start-LSN"],
            stop=needed["End-LSN"],
            segment_size=server.segment_size(self.conn),
            size=size,
            consistent_from=consistent.isoformat(),
            full=full.name if full else "",
            contents_after=after.as_json(),
        )


TAKING: dict[BackupKind, type[Taking]] = {each.kind: each for each in (TakingLogical, TakingPhysical)}


def sha256_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
