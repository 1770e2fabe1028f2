"""From the storage into a database that is nobody's yet, and whether all of it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.core.files.storage import Storage
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.gateways.backups.connector import connector
from ops.gateways.backups.errors import RefusedError, UnsoundError
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.media import Inventory, unpacking
from ops.gateways.backups.programs import program
from ops.gateways.backups.storages import told_plainly
from ops.gateways.backups.streams import Counted, open_into
from ops.services.backups.contents import look_at
from ops.services.backups.manifests import DATABASE, MEDIA, Manifest
from ops.services.backups.steps import Steps

PROGRAMS = ("pg_restore",)
MOST_DIFFERENCES = 20


class Target(Protocol):
    def write(self, data: bytes, /) -> int: ...
    def finish(self) -> None: ...


class Loading:
    """One backup on its way back. `conn` is to the neutral database of the server that it goes to."""

    def __init__(
        self, manifest: Manifest, storage: Storage, keys: Keys, conn: Connection[TupleRow], steps: Steps
    ) -> None:
        self.manifest, self.storage, self.keys, self.conn, self.steps = manifest, storage, keys, conn, steps
        self.major = server.major_of(conn)
        # A moment after the backup, up to which the write-ahead log is replayed.
        self.until: datetime | None = None

    @property
    def point(self) -> datetime:
        """What was committed before this moment is in what is restored."""
        return self.until or self.manifest.point

    def check(self) -> None:
        """What can be said before anything is written. Raises RefusedError, UnsoundError, StorageError."""
        for name in PROGRAMS:
            program(name, major=self.major)
        server.refuse_without_createdb(self.conn)
        if self.manifest.postgres_major > self.major:
            raise RefusedError(
                f"{self.manifest.name} is of PostgreSQL {self.manifest.postgres_major}, this server is {self.major}:"
                " restore it on a server that is as new."
            )
        self.check_sizes(self.manifest)

    def check_sizes(self, manifest: Manifest) -> None:
        for stored in manifest.stored.values():
            path = manifest.path_of(stored.name)
            with told_plainly(path):
                size = self.storage.size(path)
            if size != stored.size:
                raise UnsoundError(
                    f"{path} has {size} bytes and should have {stored.size}: it is truncated or altered."
                )

    def load_database(self, name: str) -> None:
        """Make a database of this name and fill it. What it leaves when it fails is the caller's to drop."""
        server.create_database(self.conn, name, self.manifest.locale)
        self.pour_database(name, "restore the database")
        # Not in the dump: pg_dump 18 writes the planner's statistics only with --statistics.
        with self.steps.step("analyse the database"), server.connected(name) as conn:
            conn.execute("ANALYZE")

    def load_tables(self, name: str, tables: Sequence[str]) -> None:
        """Make a database with all tables, but rows in these only, and neither indexes nor constraints."""
        server.create_database(self.conn, name, self.manifest.locale)
        self.pour_database(name, "restore the tables", section="pre-data")
        self.pour_database(name, "restore their rows", tables=tables)

    def pour_database(self, name: str, step: str, *, section: str = "", tables: Sequence[str] = ()) -> None:
        made = connector(major=self.major)
        made.target, made.section, made.tables, made.data_only = name, section, tables, bool(tables)
        with made.restore_dump(None) as running:
            self.pour(step, DATABASE, running)

    def load_media(self, folder: Path | None) -> None:
        """Unpack the uploaded files, or only look at them. Raises UnsoundError if they are others than then."""
        with unpacking(folder) as target:
            self.pour("restore the uploaded files" if folder else "look at the uploaded files", MEDIA, target)
        self.compare_media(target.inventory)

    def compare_media(self, found: Inventory) -> None:
        if found.as_json() != self.manifest.media:
            raise UnsoundError(
                f"The uploaded files differ from the manifest: {found.files} files of {found.size} bytes instead of"
                f" {self.manifest.media['files']} of {self.manifest.media['size']}."
            )

    def pour(self, step: str, object_name: str, target: Target) -> None:
        self.pour_of(self.manifest, step, object_name, target)

    def pour_of(self, manifest: Manifest, step: str, object_name: str, target: Target) -> None:
        """Raises UnsoundError unless it was what its manifest names."""
        path, stored = manifest.path_of(object_name), manifest.stored[object_name]
        with self.steps.step(step) as at:
            with told_plainly(path), self.storage.open(path) as file:
                counted = Counted(file, at.tell)
                open_into(counted, target, self.keys, what=path)
                counted.drain()
            target.finish()
        if (counted.size, counted.sha256) != (stored.size, stored.sha256):
            raise UnsoundError(f"{path} is another object than its manifest names: its SHA-256 differs.")

    def compare(self, name: str) -> None:
        """Raises UnsoundError unless the database has what was there when the backup was taken."""
        with self.steps.step("compare with the manifest"), server.connected(name) as conn, conn.transaction():
            found = look_at(conn)
        refuse_differences(self.manifest.as_found, found, same_major=self.manifest.postgres_major == self.major)


def refuse_differences(then: Contents, now: Contents, *, same_major: bool = True) -> None:
    """Raises UnsoundError unless there are none."""
    if wrong := differences(then, now, same_major=same_major):
        more = f" and {len(wrong) - MOST_DIFFERENCES} more" if len(wrong) > MOST_DIFFERENCES else ""
        raise UnsoundError(f"What was restored differs: {'; '.join(wrong[:MOST_DIFFERENCES])}{more}.")


def differences(then: Contents, now: Contents, *, same_major: bool = True) -> list[str]:
    """In words, each between the moment of the backup and what was restored.

    `same_major`: other versions of PostgreSQL count their constraints otherwise.
    """
    wrong = [
        f"{table} has {now.row_counts.get(table, 'no')} rows and should have {then.row_counts.get(table, 'none')}"
        for table in sorted(then.row_counts.keys() | now.row_counts.keys())
        if then.row_counts.get(table) != now.row_counts.get(table)
    ]
    wrong += [
        f"rows of {table} are others"
        for table, sample in then.samples.items()
        if table in now.row_counts and now.samples.get(table) != sample
    ]
    if same_major:
        wrong += [
            f"{now.objects[kind]} {kind} instead of {count}"
            for kind, count in then.objects.items()
            # Older manifests have kinds that are counted no longer.
            if kind in now.objects and now.objects[kind] != count
        ]
    wrong += [
        f"the sequence {name} is behind its table" for name in now.sequences_behind if name not in then.sequences_behind
    ]
    wrong += [
        f"{now.broken_rules[rule]} rows have wrong {rule} instead of {count}"
        for rule, count in then.broken_rules.items()
        if now.broken_rules.get(rule, count) != count
    ]
    if then.migrations != now.migrations:
        odd = sorted(set(then.migrations) ^ set(now.migrations))
        wrong.append(f"other migrations are applied: {', '.join(odd)}")
    return wrong
