"""The one world in which both stand-ins live: its clock, its agenda, its objects, its webhooks."""

from __future__ import annotations

import secrets
import string
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from counterparts.clock import Agenda, Clock
from counterparts.webhooks import Outbox

LETTERS = string.ascii_letters + string.digits
# Requests that are remembered.
JOURNAL = 2000
Thing = dict[str, Any]
SLOW_SECONDS = 15


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)
    # Kind → id → the object as the API shows it, such as things["stripe.subscription"]["sub_…"].
    things: defaultdict[str, dict[str, Thing]] = field(default_factory=lambda: defaultdict(dict))
    # The answers to requests that came with an idempotency key, so that the same key gets the same answer.
    answers: dict[str, Any] = field(default_factory=dict)
    # What goes wrong from now on, for a test: "down", "slow", "nonsense" by provider.
    troubles: dict[str, str] = field(default_factory=dict)
    # How late a slow one answers: longer than anybody waits.
    slow_seconds: float = SLOW_SECONDS
    # The latest requests to the APIs with their answers, oldest first, so that a test can check them all.
    journal: deque[Thing] = field(default_factory=lambda: deque(maxlen=JOURNAL))
    # Since the state was last written to a file.
    has_changed: bool = False
    # Held by every request that reads or changes the world.
    lock: threading.RLock = field(default_factory=threading.RLock)
    agenda: Agenda = field(init=False)
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.clock)
        self.outbox = Outbox(self.clock.wall)

    def move_to(self, now: datetime, *, stopped: bool | None = None, wall: bool = False) -> None:
        """Set the time, having done what is due by then; without `stopped` it runs, or stands, as before."""
        self.agenda.run_until(now)
        stands = self.clock.stopped_at is not None
        self.clock.set(now, stopped=stands if stopped is None else stopped, wall=wall)

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """With nobody else in between, and without the clock going on: what is made together has one time."""
        with self.lock:
            before, self.clock.stopped_at = self.clock.stopped_at, self.clock.now()
            try:
                yield
            finally:
                self.clock.stopped_at = before

    def forget(self) -> None:
        """Begin anew, for the next test; what is registered stays."""
        self.things.clear()
        self.answers.clear()
        self.troubles.clear()
        self.slow_seconds = SLOW_SECONDS
        self.journal.clear()
        self.agenda.entries.clear()
        self.outbox.forget()
        self.clock.ahead = self.clock.wall_ahead = timedelta(0)
        self.clock.stopped_at = None


def new_id(prefix: str, length: int = 24) -> str:
    """As the providers make them: a prefix and letters that nobody guesses."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(length))


world = World()
