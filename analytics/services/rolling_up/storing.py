"""Counts into their tables: what is gone goes, what is new or changed is written, what is the same is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from analytics.models import Funnel
from analytics.models.counts import Dimension

# With all that stands before the day in the index, it is read only where these days are.
PLACES = (
    "dimension = ANY(%s) AND segment = ANY(ARRAY("
    "SELECT 0 UNION ALL SELECT -1 UNION ALL SELECT id FROM analytics_segment))"
)
MEASURES = ("events", "visitors", "visits", "bounces", "seconds", "amount")
MAKE = """
CREATE TEMPORARY TABLE {table} ({span}dimension text, segment int, key text, {measures}) ON COMMIT DROP
"""

# Equal numbers are not written again, not even locked: a row that is costs as much as one that changes. What reports
# read together lies together.
STORE = """
INSERT INTO {into} (dimension, segment, {span}, key, {measures})
SELECT new.dimension, new.segment, new.{span}, new.key, {new} FROM {table} AS new
LEFT JOIN (SELECT * FROM {into} WHERE {these}) AS old USING (dimension, segment, {span}, key)
WHERE ({old}) IS DISTINCT FROM ({new})
ORDER BY new.dimension, new.segment, new.{span}, new.key
ON CONFLICT (dimension, segment, {span}, key) DO UPDATE SET {sets}
"""
FORGET = """
DELETE FROM {into} AS old WHERE {these} AND NOT EXISTS (
    SELECT FROM {table} AS new WHERE (new.dimension, new.segment, new.{span}, new.key)
        = (old.dimension, old.segment, old.{span}, old.key)
)
"""


@dataclass(frozen=True)
class These:
    """The rows of a table of counts that are to become what was counted: a condition with its values."""

    sql: str
    values: Sequence[Any]


@contextmanager
def counts(cursor: Any, table: str, span: str) -> Iterator[None]:
    """A temporary table for counts of a `span`, which is a column and its type."""
    measures = ", ".join(f"{measure} bigint NOT NULL DEFAULT 0" for measure in MEASURES)
    cursor.execute(MAKE.format(table=table, span=f"{span}, ", measures=measures))
    yield
    cursor.execute(f"DROP TABLE {table}")


def store_days(cursor: Any, table: str, these: These) -> None:
    store(cursor, table, these, into="analytics_dailycount", span="day")


def store_hours(cursor: Any, table: str, these: These) -> None:
    store(cursor, table, these, into="analytics_hourlycount", span="hour")


def store(cursor: Any, table: str, these: These, *, into: str, span: str) -> None:
    cursor.execute(f"ANALYZE {table}")
    words = {
        "table": table,
        "into": into,
        "span": span,
        "these": these.sql,
        "measures": ", ".join(MEASURES),
        "new": ", ".join(f"new.{measure}" for measure in MEASURES),
        "old": ", ".join(f"old.{measure}" for measure in MEASURES),
        "sets": ", ".join(f"{measure} = excluded.{measure}" for measure in MEASURES),
    }
    cursor.execute(FORGET.format(**words), these.values)
    cursor.execute(STORE.format(**words), these.values)


def of_days(dimensions: Sequence[Dimension], days: Sequence[date]) -> These:
    return These(f"{PLACES} AND day = ANY(%s)", [[each.value for each in dimensions], list(days)])


def of_hours(dimensions: Sequence[Dimension], start: datetime, end: datetime) -> These:
    return These(f"{PLACES} AND hour >= %s AND hour < %s", [[each.value for each in dimensions], start, end])


def of_funnels(funnels: Sequence[Funnel], days: Sequence[date]) -> These:
    keys = [str(funnel.pk) for funnel in funnels]
    these = of_days([Dimension.FUNNEL], days)
    return These(f"{these.sql} AND split_part(key, '|', 1) = ANY(%s)", [*these.values, keys])
