"""What takes longest: views, by what was counted of them, and statements, by what PostgreSQL counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from django.db import OperationalError, connection, transaction
from psycopg.errors import ObjectNotInPrerequisiteState

from common import metrics
from common.metrics import REQUEST_SECONDS, SUM, Key
from common.moments import measured
from ops.metrics.requests import NO_VIEW

SHOWN = 10
LONGEST_STATEMENT = 240  # characters
PERCENTILE = 0.95
SLOWEST = r"""
SELECT left(regexp_replace(query, '\s+', ' ', 'g'), %s), calls, mean_exec_time / 1000, total_exec_time / 1000
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    -- Not what migrations and operators do.
    AND query ~* '^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|COPY)\M'
ORDER BY mean_exec_time DESC LIMIT %s
"""
LOAD = "Add pg_stat_statements to shared_preload_libraries and restart PostgreSQL, unless that is done"
CREATE = "give CREATE EXTENSION pg_stat_statements in our database, as a superuser"


@dataclass(frozen=True)
class View:
    """`p95` is the upper end of the bucket in which 95 of 100 requests ended; None: it took longer than any."""

    name: str
    requests: int
    mean: float  # seconds
    p95: float | None

    @property
    def shown_mean(self) -> str:
        return measured(self.mean)

    @property
    def shown_p95(self) -> str:
        return f"> {measured(REQUEST_SECONDS.bounds[-1])}" if self.p95 is None else f"≤ {measured(self.p95)}"


@dataclass(frozen=True)
class Statement:
    """As PostgreSQL keeps it, with places for its values."""

    text: str
    calls: int
    mean: float  # seconds
    total: float  # seconds

    @property
    def shown_mean(self) -> str:
        return measured(self.mean)

    @property
    def shown_total(self) -> str:
        return measured(self.total)


@dataclass(frozen=True)
class Statements:
    """The slowest, or in words why nobody counts them and how to have it done."""

    slowest: list[Statement]
    missing: str = ""


def slowest_views() -> list[View]:
    """Of today and yesterday (UTC), by the time in which 95 of 100 were done. Raises RedisError."""
    views = of_both_days()
    return sorted(views, key=lambda view: (view.p95 is None, view.p95 or 0, view.mean), reverse=True)[:SHOWN]


def of_both_days() -> list[View]:
    """Raises RedisError."""
    today = datetime.now(UTC)
    days = [metrics.sums_of_day(today), metrics.sums_of_day(today - timedelta(days=1))]
    counts: dict[str, list[float]] = {}
    seconds: dict[str, float] = {}
    for (_, view, place), amount in of_requests(days):
        if view == NO_VIEW:
            continue
        if place == SUM:
            seconds[view] = seconds.get(view, 0) + amount
        else:
            buckets = counts.setdefault(view, [0.0] * (len(REQUEST_SECONDS.bounds) + 1))
            buckets[int(place)] += amount
    return [
        View(name=view, requests=int(total), mean=seconds.get(view, 0) / total, p95=percentile(buckets))
        for view, buckets in counts.items()
        if (total := sum(buckets))
    ]


def of_requests(days: Iterable[dict[Key, float]]) -> Iterable[tuple[Key, float]]:
    return ((key, amount) for day in days for key, amount in day.items() if key[0] == REQUEST_SECONDS.name)


def percentile(buckets: list[float]) -> float | None:
    wanted = PERCENTILE * sum(buckets)
    ends = [*REQUEST_SECONDS.bounds, None]
    return next(end for end, count in zip(ends, accumulate(buckets), strict=True) if count >= wanted)


def slowest_statements() -> Statements:
    """By their mean. Raises django.db.Error."""
    try:
        # Which keeps the refusal of a server that has not loaded it from what else the connection is at.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements')")
            if not cursor.fetchone()[0]:
                return Statements([], f"PostgreSQL does not show its statements to us. {LOAD}, and {CREATE}.")
            cursor.execute(SLOWEST, [LONGEST_STATEMENT, SHOWN])
            return Statements([Statement(*row) for row in cursor.fetchall()])
    except OperationalError as error:
        # What is loaded may be asked by superusers only: whether it is shows here.
        if isinstance(error.__cause__, ObjectNotInPrerequisiteState):
            return Statements([], f"PostgreSQL does not count its statements. {LOAD}.")
        raise
