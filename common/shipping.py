"""The thread that brings what a process has spooled to where it belongs, and what others have left behind, too."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

from common.spool import OwnSpool, Spool, left_behind

GATHER = 1.0  # seconds; what comes meanwhile goes in one batch, and lies in the spool
RETRY = 1  # seconds until what was away is tried again
LOOK_AROUND = 30  # seconds between two looks for what others left behind
FINISH = 5  # seconds that the end of a process may take for it


class Complaints:
    """To stderr, where nothing of ours listens; not more often than once in a while."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.made_at: float | None = None

    def make(self, words: str) -> None:
        now = time.monotonic()
        if self.made_at is None or now - self.made_at > LOOK_AROUND:
            self.made_at = now
            say(self.subject, words)


def say(subject: str, words: str) -> None:
    sys.stderr.write(f"{subject}: {Path(sys.argv[0]).name}: {words}\n")


class Shipper(ABC):
    """Started with the first line of a process; ends with it."""

    # Before what it says; of its thread; of what it ships.
    subject: ClassVar[str]
    name: ClassVar[str]
    things: ClassVar[str]
    # Errors after which the same lines may be taken later.
    later: ClassVar[tuple[type[Exception], ...]]

    def __init__(self, spool: OwnSpool) -> None:
        self.spool = spool
        self.wanted, self.stopping = threading.Event(), threading.Event()
        self.looked_around = 0.0
        self.complaints = Complaints(self.subject)
        self.unreadable: set[Path] = set()
        self.thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self.thread.start()

    @abstractmethod
    def put(self, lines: Sequence[bytes]) -> None:
        """All are safe elsewhere when it returns; each once, also when they come again. Raises one of `later`."""

    @abstractmethod
    def ship_the_rest(self) -> None:
        """What does not lie in the spool. Raises one of `later`."""

    @abstractmethod
    def let_go(self) -> None:
        """Of connections; they are made again when they are needed."""

    def at_work(self) -> AbstractContextManager[None]:
        """Around all that ships."""
        return nullcontext()

    def run(self) -> None:
        with self.at_work():
            while not self.stopping.is_set():
                in_time = self.wanted.wait(RETRY if self.spool.waiting else LOOK_AROUND)
                if in_time:
                    self.stopping.wait(GATHER)
                self.wanted.clear()
                self.ship_all()
            self.let_go()

    def ship_all(self) -> None:
        try:
            self.try_to_ship_all()
        except self.later as error:
            self.complaints.make(f"the database takes no {self.things}, they wait in {self.spool.folder}: {error}")
        except Exception as error:  # noqa: BLE001 - this thread must live on: what it ships waits in the spool
            self.complaints.make(f"{self.things} cannot be stored, they wait in {self.spool.folder}: {error!r}")

    def try_to_ship_all(self) -> None:
        """Raises one of `later`."""
        if self.spool.spool:
            self.ship(self.spool.spool)
        self.ship_the_rest()
        if time.monotonic() - self.looked_around > LOOK_AROUND:
            self.ship_what_others_left()
            self.looked_around = time.monotonic()

    def ship(self, spool: Spool) -> None:
        """Raises one of `later`."""
        while lines := spool.read():
            self.put(lines)
            spool.ship(lines)

    def ship_what_others_left(self) -> None:
        """Raises one of `later`."""
        for spool in left_behind(self.spool.folder, self.tell_of_unreadable):
            try:
                self.ship(spool)
            finally:
                spool.close()

    def tell_of_unreadable(self, path: Path, error: OSError) -> None:
        """Once of each: it may lie there for long."""
        if path not in self.unreadable:
            self.unreadable.add(path)
            say(self.subject, f"{self.things} that a process left in {path} cannot be read: {error}")

    def close(self) -> None:
        """Ship what there is, within FINISH; what then is left stays in the spool."""
        self.stopping.set()
        self.wanted.set()
        self.thread.join(FINISH)
        if not self.thread.is_alive():
            # What came between its last look and now.
            with self.at_work():
                self.ship_all()
            self.let_go()
        self.spool.close()
