"""What a process does with its events: those of pages wait in its spool, those of the API are made safe at once."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from analytics.events import Event
from analytics.pipeline import stream
from analytics.pipeline.lines import line_of
from analytics.pipeline.store import LATER, Store
from common import shipping
from common.shipping import Complaints
from common.spool import OwnSpool

logger = logging.getLogger(__name__)

# Seconds that a statement may take while somebody waits for an answer.
ANSWER_WITHIN = 5
# On a full disk events wait in memory.
MOST_IN_MEMORY = 10_000  # lines


class NotKept(Exception):
    """Neither Valkey nor the database nor the disk takes the events; whoever sent them is to send them again."""


class Way:
    """To the stream; while Valkey is away, to the database. For several threads."""

    def __init__(self) -> None:
        self.store = Store(within=ANSWER_WITHIN)
        self.lock = threading.Lock()
        self.patience = stream.Patience()

    def take(self, lines: Sequence[bytes]) -> None:
        """Lines without their ends. All are safe when it returns. Raises one of LATER."""
        try:
            stream.add(lines)
        except stream.Away:
            self.store_directly(lines)

    def store_directly(self, lines: Sequence[bytes]) -> None:
        if not self.patience.is_over:
            raise OSError("The database did not answer a moment ago.")
        with self.lock:
            try:
                self.store.keep(lines)
            except LATER:
                self.patience.lose()
                raise

    def close(self) -> None:
        with self.lock:
            self.store.close()


class Shipper(shipping.Shipper):
    subject: ClassVar = "analytics"
    name: ClassVar = "events"
    things: ClassVar = "events"
    later: ClassVar = LATER

    def __init__(self, spool: OwnSpool, aside: list[bytes]) -> None:
        self.way, self.aside = Way(), aside
        super().__init__(spool)

    def put(self, lines: Sequence[bytes]) -> None:
        self.way.take(lines)

    def ship_the_rest(self) -> None:
        if lines := self.aside[:]:
            self.put([line.rstrip(b"\n") for line in lines])
            del self.aside[: len(lines)]

    def let_go(self) -> None:
        self.way.close()


class Collector:
    """Of this process. Nothing is made before it is needed."""

    def __init__(self, folder: Path, *, ships: bool = True) -> None:
        """`ships`: whether what is spooled is shipped from here; otherwise others find it once this one is closed."""
        self.spool, self.ships = OwnSpool(folder), ships
        self.shipper: Shipper | None = None
        # What could not be spooled.
        self.aside: list[bytes] = []
        self.way = Way()
        self.lock = threading.Lock()
        self.complaints = Complaints("analytics")

    def collect(self, line: bytes) -> None:
        """Raises OSError when it is lost."""
        with self.lock:
            try:
                self.spool.append(line)
            except OSError as error:
                if len(self.aside) >= MOST_IN_MEMORY:
                    raise
                self.aside.append(line)
                self.complaints.make(f"events cannot be written to {self.spool.folder}, they wait in memory: {error}")
            if self.shipper is None and self.ships:
                self.shipper = Shipper(self.spool, self.aside)
        if self.shipper is not None and not self.shipper.wanted.is_set():
            self.shipper.wanted.set()

    def accept(self, lines: list[bytes]) -> None:
        """Raises NotKept."""
        try:
            self.way.take([line[:-1] for line in lines])
        except LATER as away:
            try:
                self.collect_for_sure(lines)
            except OSError as error:
                raise NotKept(f"{away}; {error}") from error

    def collect_for_sure(self, lines: list[bytes]) -> None:
        """Raises OSError."""
        with self.lock:
            for line in lines:
                self.spool.append(line)
            self.spool.keep_through_power_cut()
            if self.shipper is None and self.ships:
                self.shipper = Shipper(self.spool, self.aside)

    def close(self) -> None:
        """Ship what there is, as far as it goes quickly; what then is left is for others."""
        if self.shipper is not None:
            self.shipper.close()
        else:
            self.spool.close()
        self.way.close()


class Here:
    """Which collector this process has."""

    collector: ClassVar[Collector | None] = None
    lock: ClassVar = threading.Lock()

    @classmethod
    def begun(cls) -> Collector:
        if cls.collector is None:
            with cls.lock:
                if cls.collector is None:
                    cls.collector = Collector(Path(settings.ANALYTICS_SPOOL))
        return cls.collector

    @classmethod
    def end(cls) -> None:
        collector, cls.collector = cls.collector, None
        if collector is not None:
            collector.close()

    @classmethod
    def begin_anew(cls) -> None:
        """After a fork the thread is the parent's, and so is the spool, locked while anybody has it open."""
        if cls.collector is not None and cls.collector.spool.spool is not None:
            os.close(cls.collector.spool.spool.file)
        cls.collector, cls.lock = None, threading.Lock()


os.register_at_fork(after_in_child=Here.begin_anew)
atexit.register(Here.end)


def collect(event: Event) -> None:
    """Count something, at the cost of some microseconds. Never raises: what cannot be counted is said in the log."""
    if not settings.ANALYTICS:
        return
    try:
        Here.begun().collect(line_of(event))
    except Exception:
        # Whatever it is, no page may fail for being counted.
        logger.exception("an event was not counted")


def accept(events: Sequence[Event]) -> None:
    """Return when all are safe: in the stream, in the database, or on the disk.

    Raises NotKept; ValueError for what cannot be an event (analytics.pipeline.lines).
    """
    if settings.ANALYTICS and events:
        Here.begun().accept([line_of(event) for event in events])
