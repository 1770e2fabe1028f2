"""Keeping the write-ahead log: received as it is written, and stored, sealed, segment by segment.

The newest segment is stored again and again while it grows, so that what would be lost with the server is what was
committed since the last time. A file is removed here when the storage has it, so a kill at any moment loses nothing.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from psycopg import Connection
from psycopg.rows import TupleRow

from common.signs import give_sign
from ops.gateways.backups import receiver, server, wal
from ops.gateways.backups.base import refuse_what_cannot_be_copied
from ops.gateways.backups.errors import BackupError, BusyError, RefusedError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.receiver import PARTIAL, Receiver
from ops.gateways.backups.storages import backup_storage, save_stream, told_plainly
from ops.gateways.backups.streams import Counted, sealed
from ops.models import BackupKind, WriteAheadLog
from ops.services.backups import log_archive, manifests
from ops.services.backups.nightly import start_in_background

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds, for whole segments
# Between two times that the newest segment is stored, the row that says until when the log leads is written so often.
BEATS = 3
# After the start of a site it has other things to do than to be backed up for the first time.
FIRST_BACKUP_AFTER = 60.0  # seconds
LONGEST_PAUSE = 60.0  # seconds, after failures
MOST_BEATS = 10_000
# Nothing is said to be in the log that was received before the first beat.
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
TABLE = WriteAheadLog._meta.db_table
BEAT = f"""
INSERT INTO {TABLE} (id, beaten_at, problem) VALUES (1, clock_timestamp(), '')
ON CONFLICT (id) DO UPDATE SET beaten_at = clock_timestamp() RETURNING beaten_at
"""  # noqa: S608 - our own name
STORED = f"UPDATE {TABLE} SET stored_until = greatest(stored_until, %s), problem = ''"  # noqa: S608 - our own name
FAILED = f"UPDATE {TABLE} SET problem = %s"  # noqa: S608 - our own name


@dataclass(frozen=True)
class Beat:
    """At `position`, the log has all that was committed before `moment`."""

    moment: datetime
    position: int


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Raises BusyError if another process of this machine receives into this folder."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("Another process receives the write-ahead log here.") from error
        yield


def receive(stop: threading.Event) -> None:
    """Until told to stop. What fails meanwhile is an error in the log, and tried again.

    Raises RefusedError if it cannot be done here at all, BusyError if somebody else does it.
    """
    if not settings.BACKUP_WAL:
        raise RefusedError("BACKUP_WAL is not true: the write-ahead log is not kept.")
    our_keys()
    with alone(receiver.place()):
        Keeping(receiver.place()).run(stop)


def let_go() -> bool:
    """Have the server keep none of its log for us any more; whether it did. Raises BusyError while it is received."""
    with server.connected() as conn:
        found = receiver.slot(conn.cursor())
        if found is not None and found.is_active:
            raise BusyError("The write-ahead log is being received: stop `receive_wal` first.")
        if found is not None:
            receiver.drop_slot(conn)
    return found is not None


class Keeping:
    """The receiver, and what has been stored of what it gave."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.keys, self.storage = our_keys(), backup_storage()
        self.receiver: Receiver | None = None
        # Which server it is, by its own name for itself: another has segments of the same names.
        self.system, self.segment_size = "", 0
        self.beats: deque[Beat] = deque(maxlen=MOST_BEATS)
        # Of the newest segment: what is in the storage of it, and when the file was last written to then.
        self.partials: list[str] = []
        self.partial_written = 0
        self.next_beat = self.next_store = 0.0
        self.next_backup = time.monotonic() + FIRST_BACKUP_AFTER
        self.failure = ""

    @property
    def folder(self) -> Path:
        return self.place / self.system

    def run(self, stop: threading.Event) -> None:
        """Stores what there is before it ends."""
        pause = LOOK_EVERY
        try:
            while not stop.wait(pause):
                give_sign()
                try:
                    self.work()
                except (BackupError, OSError) as error:
                    self.note(str(error))
                    pause = min(pause * 2, LONGEST_PAUSE)
                else:
                    self.note("")
                    pause = LOOK_EVERY
        finally:
            self.stop()

    def work(self) -> None:
        """What is due just now. Raises BackupError."""
        self.start()
        now = time.monotonic()
        is_time_to_store = now >= self.next_store
        if is_time_to_store or now >= self.next_beat:
            self.next_beat = now + settings.BACKUP_WAL_SECONDS / BEATS
            self.beat()
        self.store_whole()
        if is_time_to_store:
            # What lies between two times is what a fire costs, and one comes late by up to a look.
            self.next_store = now + max(settings.BACKUP_WAL_SECONDS - LOOK_EVERY, 0)
            self.wait_for_the_beat()
            self.store_partial()
        if now >= self.next_backup:
            self.take_first_backup()
            self.next_backup = float("inf")

    def start(self) -> None:
        """The receiver, unless it is at work. Raises RefusedError and BackupError."""
        if self.receiver is not None:
            try:
                self.receiver.look()
            except BackupError:
                self.receiver = None
                raise
            return
        with server.connected() as conn:
            refuse_what_cannot_be_copied(conn)
            self.system = str(server.one(conn, "SELECT system_identifier::text FROM pg_control_system()"))
            self.segment_size = server.segment_size(conn)
            found = receiver.slot(conn.cursor())
            if found is None or found.is_lost:
                self.begin_anew(conn, is_lost=found is not None)
            self.receiver = Receiver(self.folder, major=server.major_of(conn))

    def begin_anew(self, conn: Connection[TupleRow], *, is_lost: bool) -> None:
        """The log goes on from now. What was received before stays good for what leads up to it."""
        if is_lost:
            logger.error(
                "the server has thrown away a part of its write-ahead log that was not received: moments since then"
                " cannot be restored before the next physical backup, which is begun now"
            )
            self.next_backup = time.monotonic()
        if self.folder.exists():
            self.store_whole()
            if partial := receiver.received(self.folder).partial:
                segment = wal.segment_named(partial.name.removesuffix(PARTIAL), self.segment_size)
                self.store(partial, wal.path_for(self.system, segment, UNKNOWN, is_partial=True))
                partial.unlink()
        if is_lost:
            receiver.drop_slot(conn)
        receiver.make_slot(conn)

    def beat(self) -> None:
        with server.connected() as conn:
            moment = server.one(conn, BEAT)
            position = int(server.one(conn, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))
        self.beats.append(Beat(moment, position))

    def wait_for_the_beat(self) -> None:
        """Until the newest is received, or for a second: the piece that is stored then leads until just now."""
        deadline = time.monotonic() + LOOK_EVERY
        with server.connected() as conn:
            while time.monotonic() < deadline:
                found = receiver.slot(conn.cursor())
                if found is None or found.received >= self.beats[-1].position:
                    return
                time.sleep(0.02)

    def until(self, position: int) -> datetime:
        """Until when the log leads that goes up to this position."""
        return max((beat.moment for beat in self.beats if beat.position <= position), default=UNKNOWN)

    def store_whole(self) -> None:
        """Segments that are complete, and histories; they are removed here."""
        found = receiver.received(self.folder)
        for path in found.histories:
            self.store(path, wal.path_for_history(self.system, path.name))
            path.unlink()
        for path in found.whole:
            segment = wal.segment_named(path.name, self.segment_size)
            until = self.until(segment.end)
            self.store(path, wal.path_for(self.system, segment, until, is_partial=False))
            self.told(until)
            path.unlink()
            self.forget_partials()

    def store_partial(self) -> None:
        """The newest segment as it is now, if there is more of it than the last time."""
        with server.connected() as conn:
            found = receiver.slot(conn.cursor())
        # In this order: the file has at least what is said to have been received.
        seen = receiver.received(self.folder)
        path = seen.partial
        if path is None or found is None:
            return
        if seen.whole:
            # Which has to be stored before what comes after it.
            self.next_store = 0.0
            return
        written = path.stat().st_mtime_ns
        if written == self.partial_written:
            return
        segment = wal.segment_named(path.name.removesuffix(PARTIAL), self.segment_size)
        until = self.until(found.received)
        target = wal.path_for(self.system, segment, until, is_partial=True)
        if target in self.partials:
            # It leads no further than what is there, whatever has been written since.
            return
        self.store(path, target)
        self.told(until)
        self.forget_partials()
        self.partials, self.partial_written = [target], written

    def store(self, path: Path, target: str) -> None:
        # There may be many of them.
        give_sign()
        with told_plainly(target):
            # Nobody sees half an object, so this is what a process has stored that was then killed.
            if self.storage.exists(target):
                return
        with path.open("rb") as file, sealed(file, self.keys, lambda: None) as flowing:
            counted = Counted(flowing)
            save_stream(self.storage, target, counted)
        with told_plainly(target):
            if self.storage.size(target) != counted.size:
                raise BackupError(f"{target} has another size in the storage than was written.")

    def forget_partials(self) -> None:
        """What the storage has of a segment of which it now has more. What cannot be deleted is left to pruning."""
        for path in self.partials:
            try:
                with told_plainly(path):
                    self.storage.delete(path)
            except BackupError as error:
                logger.debug("%s stays: %s", path, error)
        self.partials = []

    def told(self, until: datetime) -> None:
        if until == UNKNOWN:
            return
        with server.connected() as conn:
            conn.execute(STORED, [until])

    def take_first_backup(self) -> None:
        if self.lacks_backup():
            start_in_background(BackupKind.PHYSICAL, nightly=True)

    def lacks_backup(self) -> bool:
        """The log alone is nothing: it needs a backup from which it leads on, and of this very server.

        After the loss of a server, the newest is of the one that is no more.
        """
        physical = manifests.readable(self.storage, self.keys, BackupKind.PHYSICAL)
        if not physical or physical[-1].of_cluster.system_identifier != self.system:
            return True
        return bool(log_archive.reach(self.storage, self.keys).missing)

    def note(self, failure: str) -> None:
        """Said once, however often it is tried again."""
        if failure == self.failure:
            return
        self.failure = failure
        if not failure:
            logger.warning("the write-ahead log is kept again")
            return
        logger.error("the write-ahead log cannot be kept: %s", failure)
        try:
            with server.connected() as conn:
                conn.execute(FAILED, [failure])
        except BackupError as error:
            logger.debug("which cannot be noted either: %s", error)

    def stop(self) -> None:
        if self.receiver is None:
            return
        self.receiver.stop()
        try:
            self.store_whole()
            self.store_partial()
        except (BackupError, OSError) as error:
            logger.warning("the last of the write-ahead log stays here until the next start: %s", error)
