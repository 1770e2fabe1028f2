"""The thread that brings a process's lines to the database."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.spool import OwnSpool, Spool, left_behind
from ops.logs.store import LATER, REFUSAL, Store

logger = logging.getLogger(__name__)

GATHER = 1.0  # seconds; what is said meanwhile goes in one batch, and lies in the spool
RETRY = 1  # seconds until a database that was away is tried again
LOOK_AROUND = 30  # seconds between two looks for what others left behind
FINISH = 5  # seconds that the end of a process may take for it
REFUSED = "refused.jsonl"
# On a full disk trouble waits in memory.
MOST_IN_MEMORY = 10_000  # lines


class Here(threading.local):
    """`ships` in the thread that ships: what it causes to be said is not shipped, or that would never end."""

    ships = False


here = Here()


@contextmanager
def as_shipper(*, ships: bool = True) -> Iterator[None]:
    """This thread ships, or is one like any other, until the end of the block."""
    before, here.ships = here.ships, ships
    try:
        yield
    finally:
        here.ships = before


class Aside:
    """What could not be appended: lines that wait in memory, and how many of which level were dropped."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lines: list[bytes] = []
        self.dropped: Counter[str] = Counter()

    def keep(self, line: bytes, level: str) -> None:
        with self.lock:
            if len(self.lines) < MOST_IN_MEMORY:
                self.lines.append(line)
            else:
                self.dropped[level] += 1

    def drop(self, level: str) -> None:
        with self.lock:
            self.dropped[level] += 1

    def forget(self, lines: list[bytes]) -> None:
        """The first, which are safe elsewhere."""
        with self.lock:
            del self.lines[: len(lines)]

    def take_dropped(self) -> Counter[str]:
        with self.lock:
            dropped, self.dropped = self.dropped, Counter()
        return dropped


class Complaints:
    """To stderr, where nothing of ours listens; not more often than once in a while."""

    def __init__(self) -> None:
        self.made_at: float | None = None

    def make(self, words: str) -> None:
        now = time.monotonic()
        if self.made_at is None or now - self.made_at > LOOK_AROUND:
            self.made_at = now
            say(words)


def say(words: str) -> None:
    sys.stderr.write(f"logging: {Path(sys.argv[0]).name}: {words}\n")


class Shipper:
    """Started with the first line of a process; ends with it."""

    def __init__(self, spool: OwnSpool, aside: Aside) -> None:
        self.spool, self.aside = spool, aside
        self.store = Store()
        self.wanted, self.stopping = threading.Event(), threading.Event()
        self.looked_around = 0.0
        self.complaints = Complaints()
        self.unreadable: set[Path] = set()
        self.thread = threading.Thread(target=self.run, name="logs", daemon=True)
        self.thread.start()

    def run(self) -> None:
        with as_shipper():
            while not self.stopping.is_set():
                in_time = self.wanted.wait(RETRY if self.spool.waiting else LOOK_AROUND)
                if in_time:
                    self.stopping.wait(GATHER)
                self.wanted.clear()
                self.ship_all()
            self.store.close()

    def ship_all(self) -> None:
        try:
            self.tell_what_was_dropped()
            if self.spool.spool:
                self.ship(self.spool.spool)
            self.ship_what_was_put_aside()
            if time.monotonic() - self.looked_around > LOOK_AROUND:
                self.ship_what_others_left()
                self.looked_around = time.monotonic()
        except LATER as error:
            self.complaints.make(f"the database takes no log records, they wait in {self.spool.folder}: {error}")
        except Exception as error:  # noqa: BLE001 - this thread must live on: records wait in the spool meanwhile
            self.complaints.make(f"log records cannot be stored, they wait in {self.spool.folder}: {error!r}")

    def ship(self, spool: Spool) -> None:
        """Raises one of LATER."""
        while lines := spool.read():
            self.put(lines)
            spool.ship(lines)

    def put(self, lines: list[bytes]) -> None:
        """One line that the database refuses must not hold up the rest; it is kept beside the spools."""
        try:
            self.store.put(lines)
        except REFUSAL as error:
            if len(lines) == 1:
                self.refuse(lines[0], error)
                return
            middle = len(lines) // 2
            self.put(lines[:middle])
            self.put(lines[middle:])

    def refuse(self, line: bytes, error: Exception) -> None:
        path = self.spool.folder / REFUSED
        with path.open("ab") as file:
            file.write(line + b"\n")
        self.complaints.make(f"the database refuses a log record, it is kept in {path}: {error}")

    def ship_what_was_put_aside(self) -> None:
        if lines := list(self.aside.lines):
            self.put([line.rstrip(b"\n") for line in lines])
            self.aside.forget(lines)

    def tell_what_was_dropped(self) -> None:
        """As a record like any other, the only one that comes from this thread."""
        if dropped := self.aside.take_dropped():
            with as_shipper(ships=False):
                logger.warning(
                    "%s log records were dropped: more was said than could be kept",
                    dropped.total(),
                    extra={"context": dict(dropped)},
                )

    def ship_what_others_left(self) -> None:
        for spool in left_behind(self.spool.folder, self.tell_of_unreadable):
            try:
                self.ship(spool)
            finally:
                spool.close()

    def tell_of_unreadable(self, path: Path, error: OSError) -> None:
        """Once of each: it may lie there for long."""
        if path not in self.unreadable:
            self.unreadable.add(path)
            say(f"log records that a process left in {path} cannot be read: {error}")

    def close(self) -> None:
        """Ship what there is, within FINISH; what then is left stays in the spool."""
        self.stopping.set()
        self.wanted.set()
        self.thread.join(FINISH)
        if not self.thread.is_alive():
            # What was said between its last look and now.
            with as_shipper():
                self.ship_all()
            self.store.close()
        self.spool.close()
