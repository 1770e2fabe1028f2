"""Physical backups on their way back: files, and the log up to a moment, become a server, which gives its database.

The server is a scratch one (`ops.gateways.backups.cluster`), so that nothing of this can touch what is live; the
database then takes the way of any other backup, into a new one beside those that are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from django.core.files.storage import Storage
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import cluster, server
from ops.gateways.backups.connector import connector
from ops.gateways.backups.errors import NotThereError, RefusedError, UnsoundError
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.programs import program
from ops.gateways.backups.storages import BLOCK
from ops.gateways.backups.streams import Counted
from ops.gateways.backups.wal import END
from ops.services.backups import manifests
from ops.services.backups.contents import look_at
from ops.services.backups.fetching import Fetching
from ops.services.backups.loading import Loading, Target, refuse_differences
from ops.services.backups.manifests import CLUSTER, Cluster, Manifest
from ops.services.backups.steps import Steps

PROGRAMS = ("postgres", "pg_isready", "pg_verifybackup", "pg_combinebackup", "pg_waldump", "pg_dump", "pg_restore")
# Of the size of the files: those of a full backup, of what has changed, and of what becomes of both share their space.
ROOM = 1.2


class Recovering(Loading):
    """One physical backup on its way back, as it was at its end or, with `until`, at that moment.

    What the storage does not have of the log is taken from where it is received, `received`, if that is at hand.
    """

    def __init__(
        self,
        manifest: Manifest,
        storage: Storage,
        keys: Keys,
        conn: Connection[TupleRow],
        steps: Steps,
        *,
        until: datetime | None = None,
        received: Path | None = None,
        contents_now: Contents | None = None,
    ) -> None:
        """`contents_now`: what is there just now, where a moment of just now is restored to be proven."""
        super().__init__(manifest, storage, keys, conn, steps)
        self.until = until
        self.log = Fetching(manifest, storage, keys, until, received) if until else None
        # With the end of the log as its moment: that of the last commit in it.
        self.reached: datetime | None = None
        self.contents_now = contents_now
        self.cluster: Cluster = manifest.of_cluster
        self.full = manifests.read(storage, self.cluster.full, keys) if self.cluster.full else None
        self.stack = ExitStack()
        self.running: cluster.ScratchServer | None = None

    @property
    def point(self) -> datetime:
        if self.until == END:
            return self.reached or self.manifest.point
        return super().point

    def check(self) -> None:
        if self.manifest.postgres_major != self.major:
            raise RefusedError(
                f"{self.manifest.name} has the files of a server of PostgreSQL {self.manifest.postgres_major}, this one"
                f" is {self.major}: restore it with that version, or a logical backup with this one."
            )
        for name in PROGRAMS:
            program(name, major=self.major)
        super().check()
        if self.full:
            self.check_sizes(self.full)
        whole = self.cluster.size + (self.full.of_cluster.size if self.full else 0)
        log = self.log.look().size if self.log else 0
        cluster.refuse_unfit_place(int(whole * ROOM) + log)

    def close(self) -> None:
        self.stack.close()
        self.running = None

    @property
    def server(self) -> cluster.ScratchServer:
        """Recovered at its first use."""
        if self.running is None:
            folder = self.stack.enter_context(cluster.scratch_folder())
            data = self.unpack(folder)
            with self.steps.step("recover the server"):
                self.running = self.recover(data)
        return self.running

    def recover(self, data: Path) -> cluster.ScratchServer:
        try:
            recovered = self.stack.enter_context(cluster.recovered(data, self.until, major=self.major))
        except UnsoundError as error:
            # How far it leads is known of what is stored only.
            if self.log and self.log.only_received:
                raise NotThereError(str(error)) from error
            raise
        if self.until == END:
            self.reached = recovered.last_commit()
        return recovered

    def unpack(self, folder: Path) -> Path:
        """The files of the server, whole and verified, and the log that it needs."""
        data = folder / "data"
        if self.full is None:
            self.unpack_cluster(self.manifest, data)
        else:
            full, changes = folder / "full", folder / "changes"
            self.unpack_cluster(self.full, full)
            self.unpack_cluster(self.manifest, changes)
            with self.steps.step("put the changes on the full backup"):
                cluster.combine(full, changes, data, major=self.major)
        if self.log:
            with self.steps.step("fetch the write-ahead log") as at:
                self.log.fetch(data / "pg_wal", at.tell)
        return data

    def unpack_cluster(self, manifest: Manifest, into: Path) -> None:
        with cluster.unpacking(into) as target:
            self.pour_of(manifest, f"unpack {manifest.name}", CLUSTER, target)
        with self.steps.step(f"verify {manifest.name}"):
            cluster.verify_files(into, major=self.major)

    def pour_database(self, name: str, step: str, *, section: str = "", tables: Sequence[str] = ()) -> None:
        recovered = self.server
        source = connector(major=self.major)
        source.source = recovered.conninfo(self.manifest.database)
        target = connector(major=self.major)
        target.target, target.section, target.tables, target.data_only = name, section, tables, bool(tables)
        with self.steps.step(step) as at, source.create_dump() as dump, target.restore_dump(None) as running:
            pour(Counted(dump, at.tell), running)
            dump.finish()
            running.finish()

    def compare(self, name: str) -> Contents:
        """At its end: what stood still while it was taken must be equal. Later: what stood still since, if known."""
        with self.steps.step("compare with the manifest"), server.connected(name) as conn, conn.transaction():
            found = look_at(conn)
        if self.until is None:
            then = self.manifest.as_found.where_equal(self.cluster.found_after)
        elif self.contents_now is not None:
            then = self.cluster.found_after.where_equal(self.contents_now)
        else:
            then = Contents({}, {}, {}, self.cluster.found_after.sequences_behind, [])
        refuse_differences(then, found.only(then))
        return found


def pour(source: Counted, target: Target) -> None:
    while block := source.read(BLOCK):
        target.write(block)


@contextmanager
def loading(
    manifest: Manifest,
    storage: Storage,
    keys: Keys,
    conn: Connection[TupleRow],
    steps: Steps,
    *,
    until: datetime | None = None,
    received: Path | None = None,
    contents_now: Contents | None = None,
) -> Iterator[Loading]:
    """What brings this backup back, of either kind."""
    if not manifest.is_physical:
        yield Loading(manifest, storage, keys, conn, steps)
        return
    made = Recovering(manifest, storage, keys, conn, steps, until=until, received=received, contents_now=contents_now)
    try:
        yield made
    finally:
        made.close()
