"""The time of the stand-ins, which can be moved, and what is to happen at a time."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

# What is due is named, not held, so that it can be kept over a restart.
Act = Callable[[str], None]


@dataclass
class Clock:
    """Two times: `now`, in which subscriptions live, and `wall`, with which webhooks are stamped.

    Both run with the machine's clock, each shifted by so much. As with Stripe's test clocks, moving
    the time of subscriptions leaves the wall clock alone, or the platform would refuse the stamps.
    """

    ahead: timedelta = timedelta(0)
    wall_ahead: timedelta = timedelta(0)
    # Set while the time stands still: between the steps of a test, and while what is due is done.
    stopped_at: datetime | None = None

    def now(self) -> datetime:
        return self.stopped_at or datetime.now(UTC) + self.ahead

    def timestamp(self) -> int:
        """Whole seconds since 1970."""
        return int(self.now().timestamp())

    def wall(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self.wall_ahead

    def set(self, now: datetime, *, stopped: bool, wall: bool) -> None:
        """Jump to a time; `wall`: the other clock goes there too."""
        self.ahead = now - datetime.now(UTC)
        self.stopped_at = now if stopped else None
        if wall:
            self.wall_ahead = self.ahead


@dataclass
class Agenda:
    """What happens by the clock, such as the renewal of a subscription: (time, what, the id of its object)."""

    clock: Clock
    acts: dict[str, Act] = field(default_factory=dict)
    entries: list[tuple[datetime, int, str, str]] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def act(self, name: str) -> Callable[[Act], Act]:
        """Register a function under a name by which it can be put on the agenda."""

        def register(function: Act) -> Act:
            self.acts[name] = function
            return function

        return register

    def add(self, at: datetime, name: str, subject: str) -> None:
        """At this time `name` is done to `subject`, an id. What no longer applies then must do nothing."""
        heapq.heappush(self.entries, (at, next(self.numbers), name, subject))

    def run_due(self) -> None:
        """Do what is due by now, in the order of its times; each happens at its own time."""
        self.run_until(self.clock.now())

    def run_until(self, end: datetime) -> None:
        """As if the clock had run until `end`; it shows what it showed before afterwards."""
        before = self.clock.stopped_at
        try:
            while self.entries and self.entries[0][0] <= end:
                at, _, name, subject = heapq.heappop(self.entries)
                self.clock.stopped_at = at
                self.acts[name](subject)
        finally:
            self.clock.stopped_at = before
