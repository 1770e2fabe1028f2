"""Sides that take turns on one machine, the ratios between them, and whether the machine was quiet enough for these.

A ratio is the median of pairs: of what both did in the same round. It counts only if others took less than OTHERS of a
core meanwhile, and if our fastest round was less than SPREAD times our slowest.
"""

from __future__ import annotations

import ctypes
import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cpu import MS_PER_TICK, cpu_ms
from load import Ask, Load, Refused, blast, reads

OTHERS, SPREAD = 0.3, 1.5
# The server has sixty connections, and all sides keep theirs; more clients than this make it no quicker on two cores.
MOST_OF_PGBENCH = 24
# Of /proc/stat's first line: user, nice, system, irq and softirq; not idle, nor waiting for the disk.
BUSY = (1, 2, 3, 6, 7)


@dataclass(frozen=True)
class Side:
    """`press` takes how many clients and how many seconds."""

    name: str
    press: Callable[[int, float], Load]


def reader(name: str, port: int, *paths: str, headers: Mapping[str, str] | None = None) -> Side:
    """Whoever needs more than one path for it asks for them one after the other."""

    def press(clients: int, seconds: float) -> Load:
        loads = [reads(port, path, headers or {}, clients, seconds=seconds / len(paths)) for path in paths]
        return Load.together(loads)

    return Side(name, press)


def asker(name: str, port: int, ask: Ask) -> Side:
    return Side(name, lambda clients, seconds: blast(port, clients, ask, seconds=seconds))


def pgbench(name: str, program: str, url: Sequence[str], script: Path) -> Side:
    """PostgreSQL alone: the script's statements, prepared, from one thread. It tells a mean instead of a median.

    At most MOST_OF_PGBENCH clients.
    """

    def press(clients: int, seconds: float) -> Load:
        command = [program, "-n", "-M", "prepared", "-f", str(script), "-j", "1"]
        command += ["-c", str(min(clients, MOST_OF_PGBENCH))]
        command += ["-T", str(max(1, round(seconds))), *url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return read_pgbench(done.stdout + done.stderr)

    return Side(name, press)


def read_pgbench(said: str) -> Load:
    """Raises Refused if it said no figures."""
    tps = re.search(r"tps = ([\d.]+)", said)
    mean = re.search(r"latency average = ([\d.]+) ms", said)
    if tps is None or mean is None or float(tps[1]) == 0:
        raise Refused(f"pgbench said nothing that can be read: {said}")
    return Load(float(tps[1]), float(mean[1]), float("nan"))


Rounds = dict[str, list[Load]]


def contest(sides: Sequence[Side], clients: int, *, rounds: int, seconds: float) -> Rounds:
    """The sides take turns; the first round warms up and is not told."""
    done: Rounds = {side.name: [] for side in sides}
    for number in range(-1, rounds):
        for side in sides:
            load = side.press(clients, seconds)
            if number >= 0:
                done[side.name].append(load)
    return done


def times_as_fast(ours: Sequence[Load], theirs: Sequence[Load]) -> float:
    return statistics.median(our.rate / their.rate for our, their in zip(ours, theirs, strict=True))


def times_its_time(ours: Sequence[Load], theirs: Sequence[Load]) -> float:
    return times_as_fast(theirs, ours)


def spread(ours: Sequence[Load]) -> float:
    rates = [each.rate for each in ours]
    return max(rates) / min(rates)


@dataclass(frozen=True)
class Goal:
    """A figure, and at least or at most what it is to be; None where nobody said."""

    figure: float
    limit: float | None = None
    at_most: bool = True

    @property
    def reached(self) -> bool | None:
        if self.limit is None:
            return None
        return self.figure <= self.limit if self.at_most else self.figure >= self.limit

    def __str__(self) -> str:
        figure = f"{self.figure:.2f}" if self.figure < 10 else f"{self.figure:,.0f}"
        if self.limit is None:
            return figure
        return f"{figure} ({'≤' if self.at_most else '≥'} {self.limit:g}: {self.reached})"


@dataclass(frozen=True)
class Noted:
    """A peer that does not run here: how many times as fast as it a side was that does, by clients, in the note."""

    peer: str
    side: str
    times: Mapping[int, float]
    at_least: Mapping[int, float] = field(default_factory=dict)

    def goal(self, done: Rounds, ours: str, clients: int) -> Goal | None:
        """How many times as fast as the peer we would be; None where the note or this run has nothing about it."""
        if self.side not in done or clients not in self.times:
            return None
        figure = times_as_fast(done[ours], done[self.side]) * self.times[clients]
        return Goal(figure, self.at_least.get(clients), at_most=False)


def keep_orphans() -> None:
    """Have what we start stay below us, where it begins something and ends: its time is none of others.

    As a child subreaper (prctl(2)). What ends then is not waited for, and so its time stays known.
    """
    set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0)


class Quiet:
    """Watches how much of a core others use: all that is not below us."""

    def __init__(self) -> None:
        self.begun, self.others = time.monotonic(), self.used_by_others()

    def used_by_others(self) -> float:
        """Milliseconds since the machine was started."""
        ticks = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        return sum(int(ticks[place]) for place in BUSY) * MS_PER_TICK - cpu_ms(os.getpid())

    def cores(self) -> float:
        """Of others, on average since the beginning or the last call."""
        now, others = time.monotonic(), self.used_by_others()
        cores = (others - self.others) / 1000 / (now - self.begun)
        self.begun, self.others = now, others
        return max(cores, 0.0)


def counts(others: float, spread_of_ours: float) -> str:
    """Whether a run counts, and why it does not."""
    faults = [f"others {others:.1f} cores"] if others >= OTHERS else []
    faults += [f"rounds {spread_of_ours:.1f}"] if spread_of_ours >= SPREAD else []
    return f"False: {', '.join(faults)}" if faults else "True"
