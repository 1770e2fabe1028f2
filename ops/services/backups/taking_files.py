"""All files of the server, from which its write-ahead log leads on; or those that have changed since the last time."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.utils import timezone

from ops.gateways.backups import server
from ops.gateways.backups.base import ListKept, base_backup, log_kept, refuse_what_cannot_be_copied
from ops.gateways.backups.errors import UnsoundError
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.storages import told_plainly
from ops.gateways.backups.streams import Counted, open_into
from ops.models import BackupKind, BackupLog, Verdict
from ops.services.backups import manifests
from ops.services.backups.contents import look_at
from ops.services.backups.manifests import (
    CLUSTER,
    CLUSTER_LIST,
    Cluster,
    Manifest,
    StoredObject,
)
from ops.services.backups.taking import Taken, Taking

# How old a full backup may be that others build on; the server keeps its summaries of changes for ten days.
FULL_EVERY = timedelta(days=6, hours=12)


class TakingPhysical(Taking):
    """All files of the server by `pg_basebackup`; only what has changed since the last full one, if that is young."""

    kind = BackupKind.PHYSICAL
    programs = ("pg_basebackup", "pg_verifybackup", "pg_combinebackup")

    def check(self) -> None:
        super().check()
        refuse_what_cannot_be_copied(self.conn)

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
        failed = set(BackupLog.objects.filter(verdict=Verdict.FAILED).values_list("name", flat=True))
        for each in reversed(manifests.readable(self.storage, self.keys, BackupKind.PHYSICAL)):
            cluster = each.of_cluster
            if each.name in failed:
                # Whatever built on the same full one might be as useless.
                return None
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
