"""Tables that are split by time, so that what is old is dropped at once instead of deleted row by row.

Works with a cursor of Django's and with one of psycopg's own. Days and months are those of UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from common.identities import first_id

PARTITIONS = """
SELECT child.relname FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = %s::regclass ORDER BY child.relname
"""
# By reading the catalogue: to_regclass() alone would answer a second time within a transaction as it did the first,
# from what the connection remembers, also where another has made the table meanwhile.
EXISTS = "SELECT EXISTS (SELECT FROM pg_class WHERE relname = %s AND pg_table_is_visible(oid))"


@dataclass(frozen=True)
class Split:
    """A table, and into what it is split: any day stands for the part that it lies in."""

    table: str
    # Of the end of a partition's name, for strftime.
    form: str
    first_day: Callable[[date], date]
    next_day: Callable[[date], date]
    # The least value of the column by which it is split, for what lies in or after a day.
    bound: Callable[[date], str]

    def name_of(self, day: date) -> str:
        return f"{self.table}_{self.first_day(day):{self.form}}"

    def day_of(self, partition: str) -> date:
        """The first one in it."""
        return datetime.strptime(partition.removeprefix(f"{self.table}_"), self.form).replace(tzinfo=UTC).date()

    def ensure(self, cursor: Any, day: date) -> None:
        """Make the partition of a day if it is not there. In a transaction; two at once make one."""
        if self.exists(cursor, day):
            return
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self.table])
        if self.exists(cursor, day):
            return
        name, first = self.name_of(day), self.first_day(day)
        # Made apart and attached: a partition that is made in place locks out those who read the table meanwhile.
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{self.table}" INCLUDING ALL)')
        cursor.execute(
            f'ALTER TABLE "{self.table}" ATTACH PARTITION "{name}" '
            f"FOR VALUES FROM ('{self.bound(first)}') TO ('{self.bound(self.next_day(first))}')"
        )

    def exists(self, cursor: Any, day: date) -> bool:
        cursor.execute(EXISTS, [self.name_of(day)])
        found: bool = cursor.fetchone()[0]
        return found

    def days(self, cursor: Any) -> Iterator[date]:
        """The first one of each partition that there is, oldest first."""
        cursor.execute(PARTITIONS, [self.table])
        yield from [self.day_of(name) for (name,) in cursor.fetchall()]

    def drop(self, cursor: Any, day: date) -> None:
        cursor.execute(f'DROP TABLE "{self.name_of(day)}"')


def by_day(table: str) -> Split:
    """By a column of times."""
    return Split(
        table,
        form="%Y%m%d",
        first_day=lambda day: day,
        next_day=lambda day: day + timedelta(days=1),
        bound=lambda day: f"{day} 00:00:00+00",
    )


def by_month(table: str) -> Split:
    """By a column of UUIDs of version 7, which begin with their time: so they can be unique in the whole table."""
    return Split(
        table,
        form="%Y%m",
        first_day=lambda day: day.replace(day=1),
        next_day=lambda day: (day.replace(day=1) + timedelta(days=32)).replace(day=1),
        bound=lambda day: str(first_id(datetime(day.year, day.month, day.day, tzinfo=UTC))),
    )
