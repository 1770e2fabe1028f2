"""A backup on its way: each object flows from its source through zstd and age into the storage, and is read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import Storage
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.gateways.backups.connector import connector
from ops.gateways.backups.errors import StorageError
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.media import packing
from ops.gateways.backups.programs import program
from ops.gateways.backups.storages import Readable, save_stream, told_plainly
from ops.gateways.backups.streams import Counted, sealed
from ops.models import BackupKind
from ops.services.backups import manifests
from ops.services.backups.contents import look_at
from ops.services.backups.manifests import (
    DATABASE,
    FORMAT,
    MEDIA,
    Cluster,
    Manifest,
    StoredObject,
)
from ops.services.backups.steps import Steps


@dataclass(frozen=True)
class Taken:
    """Of the database, without the uploaded files."""

    contents: Contents
    objects: list[StoredObject]
    cluster: Cluster | None = None


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


def sha256_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
