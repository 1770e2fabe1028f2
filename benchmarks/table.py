"""What the scenarios have in common: how long they may take, and the lines that they print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contest import Goal, Noted, Quiet, Rounds, Side, contest, counts, spread, times_as_fast, times_its_time
from load import last, middle, rate
from sides import Sides

HEAD = (
    *("#", "scenario", "clients", "a second", "p50 ms", "p99 ms", "times the limit's time", "as fast as plain Django"),
    *("as FastAPI", "as Next + Prisma", "by the note, as fast as", "counts"),
)
DJANGO, FASTAPI, NEXT = "plain Django", "FastAPI", "Next + Prisma"


@dataclass(frozen=True)
class Contest:
    """One row for each number of clients: our side first, then limits, then peers."""

    number: int
    name: str
    sides: Sequence[Side]
    # At most so many times the time of each of these.
    limits: Mapping[str, float]
    # At least so many times as fast as each of these, by clients.
    ahead: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    noted: Sequence[Noted] = ()


@dataclass
class Setting:
    sides: Sides
    quiet: Quiet
    quick: bool
    rounds: int
    seconds: float
    clients: Sequence[int]
    missed: list[str] = field(default_factory=list)

    def measure(self, one: Contest) -> None:
        for clients in self.clients:
            self.quiet.cores()
            done = contest(one.sides, clients, rounds=self.rounds, seconds=self.seconds)
            self.row(one, clients, done)

    def row(self, one: Contest, clients: int, done: Rounds) -> None:
        ours = one.sides[0].name
        limits = {
            name: Goal(times_its_time(done[ours], done[name]), limit)
            for name, limit in one.limits.items()
            if name in done
        }
        peers = {
            name: Goal(times_as_fast(done[ours], done[name]), one.ahead.get(name, {}).get(clients), at_most=False)
            for name in (DJANGO, FASTAPI, NEXT)
            if name in done
        }
        noted = {each.peer: each.goal(done, ours, clients) for each in one.noted}
        known = {name: goal for name, goal in noted.items() if goal is not None}
        for name, goal in {**limits, **peers, **known}.items():
            self.note(one.number, f"{one.name}, {clients} clients, {name}", goal)
        cells = (
            *(one.number, one.name, clients, f"{rate(done[ours]):,.0f}", f"{middle(done[ours]):.2f}"),
            f"{last(done[ours]):.2f}",
            "; ".join(f"{name} {goal}" for name, goal in limits.items()),
            *(peers.get(DJANGO, ""), peers.get(FASTAPI, ""), peers.get(NEXT, "")),
            "; ".join(f"{name} {goal}" for name, goal in known.items()),
            counts(self.quiet.cores(), spread(done[ours])),
        )
        print(f"| {' | '.join(map(str, cells))} |", flush=True)

    def figure(self, number: int, what: str, goal: Goal, *, unit: str = "") -> None:
        """A figure that is no ratio of requests: a line of its own between the rows."""
        self.note(number, what, goal)
        print(f"| {number} | {what} | | | | | {goal}{unit} | | | | | {counts(self.quiet.cores(), 1)} |", flush=True)

    def left_out(self, number: int, why: str) -> None:
        print(f"| {number} | left out: {why} |{' |' * (len(HEAD) - 2)}", flush=True)

    def failed(self, number: int, why: str) -> None:
        self.missed.append(f"{number}: not measured: {why}")
        print(f"| {number} | **not measured**: {' '.join(why.split())} |{' |' * (len(HEAD) - 2)}", flush=True)

    def note(self, number: int, what: str, goal: Goal) -> None:
        if goal.reached is False:
            self.missed.append(f"{number}: {what}: {goal}")


def print_head() -> None:
    print(f"| {' | '.join(HEAD)} |")
    print(f"|{' --- |' * len(HEAD)}", flush=True)
