"""Counting: the events of days in which something came in become their counts, anew and as a whole.

So the same comes of it however often it is done, in whatever order events came in, and however late.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from analytics.days import DAY, HOUR, day_of, days_between, span_of
from analytics.models import DailyCount, Funnel
from analytics.models.counts import ACTIVE_SPANS, EVERYBODY, Dimension
from analytics.services.retention import is_gone
from analytics.services.rolling_up import dimensions, events, funnels, members, storing
from common.database import only_one

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
MILLISECOND = timedelta(milliseconds=1)

LOCK = "roll_up_analytics"
# In one transaction; those that wait longer come in the next ones.
MOST_DAYS_AT_ONCE = 31
TRIES = 3
SERIALIZATION_FAILURE = "40001"
# Sorting a day should not need the disk.
WORK_MEMORY = "64MB"
HOURLY = sorted({counted.dimension for counted in dimensions.COUNTED if counted.is_hourly})
# Those of other days change with a day too.
ACROSS_DAYS = {Dimension.MEMBERS, Dimension.FUNNEL}
DAILY = [dimension for dimension in Dimension if dimension not in ACROSS_DAYS]


class Busy(Exception):
    """Somebody else is counting."""


class Gone(Exception):
    """The events of days that were to be counted anew are no longer there; names the days."""

    def __init__(self, days: Sequence[date]) -> None:
        super().__init__(days)
        self.days = days


@dataclass(frozen=True)
class Done:
    """The days that were counted, oldest first; `gone`: those of which only late events are left, not counted."""

    days: list[date] = field(default_factory=list)
    gone: list[date] = field(default_factory=list)


def roll_up(now: datetime | None = None) -> Done:
    """Count the days in which events came in since they were counted. Raises Busy."""
    now = now or timezone.now()
    done = Done()
    with alone():
        while True:
            part = retried(partial(count_dirty, now))
            done.days.extend(part.days)
            done.gone.extend(part.gone)
            if len(part.days) + len(part.gone) < MOST_DAYS_AT_ONCE:
                return done


def rebuild(first: date, last: date, now: datetime | None = None) -> Iterator[date]:
    """Count each day of a range anew, whether something came in or not. Raises Busy, and Gone before any is counted."""
    now = now or timezone.now()
    days = list(days_between(first, last))
    gone = [day for day in days if is_gone(day, now)]
    if gone:
        raise Gone(gone)
    with alone():
        for day in days:
            retried(partial(count_day_alone, day))
            yield day
        retried(partial(count_across_alone, days, now))


@contextmanager
def alone() -> Iterator[None]:
    """Raises Busy."""
    with connection.cursor() as cursor, only_one(cursor, LOCK) as is_ours:
        if not is_ours:
            raise Busy("Another roll_up_analytics is counting.")
        yield


def retried(count: Callable[[], Result]) -> Result:
    """Again, if two made the same segment at once: in a snapshot that cannot be told from one's own."""
    for _ in range(TRIES - 1):
        try:
            return count()
        except OperationalError as error:
            if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", "") != SERIALIZATION_FAILURE:
                raise
    return count()


@contextmanager
def snapshot() -> Iterator[Any]:
    """A transaction that sees everything as it was at its beginning. Within another's transaction, as that sees it."""
    is_own = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_own:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        yield cursor


def count_dirty(now: datetime) -> Done:
    """The oldest days that wait; what says that they wait is taken away with the same transaction."""
    with snapshot() as cursor:
        cursor.execute("SELECT id, hour FROM analytics_dirtyhour")
        waiting = {key: days_of(hour) for key, hour in cursor.fetchall()}
        days = sorted(set().union(*waiting.values()))[:MOST_DAYS_AT_ONCE]
        gone = [day for day in days if is_gone(day, now)]
        count_days(cursor, [day for day in days if day not in gone], now)
        counted = [key for key, of_hour in waiting.items() if of_hour <= set(days)]
        cursor.execute("DELETE FROM analytics_dirtyhour WHERE id = ANY(%s)", [counted])
    if gone:
        logger.warning("events of %s came in when all others of these days were gone; not counted", gone)
    return Done([day for day in days if day not in gone], gone)


def days_of(hour: datetime) -> set[date]:
    """Those that an hour of the clock in UTC lies in: two, where days begin within it."""
    return {day_of(hour), day_of(hour + HOUR - MILLISECOND)}


def count_day_alone(day: date) -> None:
    with snapshot() as cursor:
        count_day(cursor, day)


def count_across_alone(days: Sequence[date], now: datetime) -> None:
    with snapshot() as cursor:
        count_across(cursor, days, now)


def count_days(cursor: Any, days: Sequence[date], now: datetime) -> None:
    for day in days:
        count_day(cursor, day)
    count_across(cursor, days, now)


def count_day(cursor: Any, day: date) -> None:
    """All that the events of this day alone say."""
    events.load(cursor, day)
    with storing.counts(cursor, "day_count", "day date"), storing.counts(cursor, "hour_count", "hour timestamptz"):
        for counted in dimensions.COUNTED:
            cursor.execute(dimensions.statement(counted, into="day_count"))
            if counted.is_hourly:
                cursor.execute(dimensions.statement(counted, into="hour_count", by_hour=True))
        cursor.execute("UPDATE day_count SET day = %s", [day])
        storing.store_days(cursor, "day_count", storing.of_days(DAILY, [day]))
        storing.store_hours(cursor, "hour_count", storing.of_hours(HOURLY, *span_of(day)))
    members.store_members(cursor, day)
    count_funnels_of_day(cursor, day)
    events.unload(cursor)


def count_funnels_of_day(cursor: Any, day: date) -> None:
    quick = list(Funnel.objects.filter(days=1))
    with storing.counts(cursor, "funnel_count", "day date"):
        for funnel in quick:
            funnels.count_within_a_day(cursor, funnel, day)
        storing.store_days(cursor, "funnel_count", storing.of_funnels(quick, [day]))


def count_across(cursor: Any, days: Sequence[date], now: datetime) -> None:
    """What depends on these days and on others."""
    count_active(cursor, days, now)
    for funnel in Funnel.objects.filter(days__gt=1) if days else ():
        begun = sorted({day - number * DAY for day in days for number in range(funnel.days)})
        with storing.counts(cursor, "funnel_count", "day date"):
            for run in in_a_row(begun):
                funnels.count_over_days(cursor, funnel, run)
            storing.store_days(cursor, "funnel_count", storing.of_funnels([funnel], begun))


def count_active(cursor: Any, days: Sequence[date], now: datetime) -> None:
    """Of these days and of those after, up to today: also where nobody came since."""
    today = day_of(now)
    after = {day + number * DAY for day in days for number in range(max(ACTIVE_SPANS))}
    touched = {day for day in after if day <= max(today, *days)} if days else set()
    if not DailyCount.objects.filter(dimension=Dimension.MEMBERS, segment=EVERYBODY, day=today).exists():
        touched.add(today)
    if not touched:
        return
    with storing.counts(cursor, "active_count", "day date"):
        members.count_active(cursor, sorted(touched))
        storing.store_days(cursor, "active_count", storing.of_days([Dimension.MEMBERS], sorted(touched)))


def in_a_row(days: Sequence[date]) -> Iterator[list[date]]:
    """Sorted days, in parts without a gap."""
    run: list[date] = []
    for day in days:
        if run and day != run[-1] + DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run
