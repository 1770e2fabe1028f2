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
        self.tell_what_was_dropped()
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

    def let_go(self) -> None:
        self.store.close()
