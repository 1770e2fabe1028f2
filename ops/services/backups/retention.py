"""Which backups are kept: of the logical ones, the best of each of the last days, weeks and months that have one.

Periods without a backup do not count: where backups have stopped, none is deleted. Of the physical ones those are kept
that are needed to reach every moment of the last days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.models import Verdict


@dataclass(frozen=True)
class Candidate:
    name: str
    at: datetime
    verdict: str


@dataclass(frozen=True)
class PhysicalCandidate(Candidate):
    """`at`: the first moment that can be restored from it. `full`: the one that it has the changes to, if not all."""

    full: str = ""


@dataclass(frozen=True)
class Policy:
    """How many days, weeks (ISO) and months in UTC keep one backup each."""

    daily: int
    weekly: int
    monthly: int


# Of two backups, that which is higher is the one to have.
TRUST: dict[str, int] = {Verdict.FAILED: 0, Verdict.UNKNOWN: 1, Verdict.PASSED: 2}
PERIODS: tuple[tuple[str, Callable[[datetime], Any]], ...] = (
    ("daily", lambda at: at.date()),
    ("weekly", lambda at: at.isocalendar()[:2]),
    ("monthly", lambda at: (at.year, at.month)),
)


def names_to_reach(physical: Iterable[PhysicalCandidate], since: datetime) -> set[str]:
    """Of the physical backups, those from which the log leads to every moment after `since`.

    Always among them are the newest that is proven, and the full one of each that has changes only; where none is
    proven, all are.
    """
    everything = sorted(physical, key=lambda each: (each.at, each.name))
    proven = [each for each in everything if each.verdict == Verdict.PASSED]
    if not proven:
        return {each.name for each in everything}
    kept = [each for each in everything if each.at >= since] + proven[-1:]
    # Where the first moments begin.
    before = [each for each in everything if each.at < since and each.verdict != Verdict.FAILED]
    kept += before[-1:]
    return {each.name for each in kept} | {each.full for each in kept if each.full}


def names_to_keep(candidates: Iterable[Candidate], policy: Policy, *, since: datetime) -> set[str]:
    """The newest of all, the newest that is proven and all after `since` are among them; where none is proven, all are.

    A period keeps the newest that is proven; without one the newest that nobody has tried; without one the newest.
    """
    everything = sorted(candidates, key=lambda each: (each.at, each.name))
    proven = [each.name for each in everything if each.verdict == Verdict.PASSED]
    if not proven:
        return {each.name for each in everything}
    kept = {everything[-1].name, proven[-1], *(each.name for each in everything if each.at >= since)}
    for field, period_of in PERIODS:
        best: dict[Any, Candidate] = {}
        for each in everything:
            period = period_of(each.at)
            if period not in best or TRUST[each.verdict] >= TRUST[best[period].verdict]:
                best[period] = each
        newest = sorted(best, reverse=True)[: getattr(policy, field)]
        kept |= {best[period].name for period in newest}
    return kept
