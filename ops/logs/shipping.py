"""The thread that brings a process's lines to the database."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar

from common import shipping
from common.spool import OwnSpool
from ops.logs.store import LATER, REFUSAL, Store

logger = logging.getLogger(__name__)

REFUSED = "refused.jsonl"
# Where nothing can be written to the disk, trouble waits in memory; of a process, so much and no more.
MOST_IN_MEMORY = 64 * 1024 * 1024  # bytes
# Of these, what is stored at once.
AT_ONCE = 10_000  # lines
TROUBLE = frozenset({"warning", "error", "critical"})


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

    def __init__(self, most: int = MOST_IN_MEMORY) -> None:
        """`most`: bytes."""
        self.lock, self.most = threading.Lock(), most
        self.lines: list[bytes] = []
        self.size = 0
        self.dropped: Counter[str] = Counter()

    def keep(self, line: bytes, level: str) -> bool:
        """Whether there was room for it; else it is dropped, and counted."""
        with self.lock:
            has_room = self.size + len(line) <= self.most
            if has_room:
                self.lines.append(line)
                self.size += len(line)
            else:
                self.dropped[level] += 1
        return has_room

    def drop(self, level: str) -> None:
        with self.lock:
            self.dropped[level] += 1

    def forget(self, lines: list[bytes]) -> None:
        """The first, which are safe elsewhere."""
        with self.lock:
            del self.lines[: len(lines)]
            self.size -= sum(map(len, lines))

    def take_dropped(self) -> Counter[str]:
        with self.lock:
            dropped, self.dropped = self.dropped, Counter()
        return dropped


class Shipper(shipping.Shipper):
    """To the database alone: in Valkey nobody would look for them."""

    subject: ClassVar = "logging"
    name: ClassVar = "logs"
    things: ClassVar = "log records"
    later: ClassVar = LATER

    def __init__(self, spool: OwnSpool, aside: Aside) -> None:
        self.aside = aside
        self.store = Store()
        super().__init__(spool)

    def at_work(self) -> AbstractContextManager[None]:
        return as_shipper()

    def try_to_ship_all(self) -> None:
        super().try_to_ship_all()
        # Only now: while nothing is taken, what tells of it would be dropped like the rest.
        if self.tell_what_was_dropped():
            super().try_to_ship_all()

    def put(self, lines: Sequence[bytes]) -> None:
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

    def ship_the_rest(self) -> None:
        """What was put aside."""
        while lines := self.aside.lines[:AT_ONCE]:
            self.put([line.rstrip(b"\n") for line in lines])
            self.aside.forget(lines)

    def tell_what_was_dropped(self) -> bool:
        """As a record like any other, the only one that comes from this thread; whether there was anything to tell."""
        if dropped := self.aside.take_dropped():
            # An error is a kind of errors in the admin, and an alarm (ops.problems).
            is_trouble = not TROUBLE.isdisjoint(dropped)
            with as_shipper(ships=False):
                logger.log(
                    logging.ERROR if is_trouble else logging.WARNING,
                    "%s log records were dropped: more was said than could be kept",
                    dropped.total(),
                    extra={"context": dict(dropped)},
                )
        return bool(dropped)

    def let_go(self) -> None:
        self.store.close()
