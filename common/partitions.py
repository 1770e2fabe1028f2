"""Tables that are split by day, so that what is old is dropped at once instead of deleted row by row.

Works with a cursor of Django's and with one of psycopg's own. Days are those of UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

PARTITIONS = """
SELECT child.relname FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = %s::regclass ORDER BY child.relname
"""


def name_of(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def day_of(table: str, partition: str) -> date:
    return datetime.strptime(partition.removeprefix(f"{table}_"), "%Y%m%d").replace(tzinfo=UTC).date()


def ensure(cursor: Any, table: str, day: date) -> None:
    """Make the partition of a day if it is not there. In a transaction; two at once make one."""
    name = name_of(table, day)
    if exists(cursor, name):
        return
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table])
    if exists(cursor, name):
        return
    # Made apart and attached: a partition that is made in place locks out those who read the table meanwhile.
    cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING ALL)')
    cursor.execute(
        f'ALTER TABLE "{table}" ATTACH PARTITION "{name}" '
        f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
    )


def exists(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    found: bool = cursor.fetchone()[0]
    return found


def days(cursor: Any, table: str) -> Iterator[date]:
    """Those that have a partition, oldest first."""
    cursor.execute(PARTITIONS, [table])
    yield from [day_of(table, name) for (name,) in cursor.fetchall()]


def drop(cursor: Any, table: str, day: date) -> None:
    cursor.execute(f'DROP TABLE "{name_of(table, day)}"')
