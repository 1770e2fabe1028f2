"""Finding records in the log, and in days of it that are archived."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ops.logs.store import DAYS, TABLE
from ops.models import Level, SystemLog
from ops.services import archiving

AT_ONCE = 2_000  # rows of an archive that are loaded by one statement
# Into the temporary table that stands before the log.
LOAD = """
INSERT INTO pg_temp.ops_systemlog SELECT * FROM json_populate_recordset(NULL::public.ops_systemlog, %s)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Wish:
    """What is looked for; all of it must be so."""

    since: datetime
    until: datetime
    level: Level = Level.DEBUG
    text: str = ""
    request_id: str = ""
    user_id: int | None = None
    logger: str = ""

    def records(self) -> QuerySet[SystemLog]:
        """In the database, oldest first."""
        wanted = Q(created_at__gte=self.since, created_at__lt=self.until, level__gte=self.level)
        if self.text:
            wanted &= Q(message__icontains=self.text) | Q(exception__icontains=self.text)
        if self.request_id:
            wanted &= Q(request_id__startswith=self.request_id)
        if self.user_id is not None:
            wanted &= Q(user_id=self.user_id)
        if self.logger:
            wanted &= Q(logger=self.logger) | Q(logger__startswith=f"{self.logger}.")
        return SystemLog.objects.filter(wanted).order_by("created_at", "id")


def find(wish: Wish) -> Generator[SystemLog]:
    """Oldest first, out of archives where the day lies there."""
    day, last = (at.astimezone(UTC).date() for at in (wish.since, min(wish.until, timezone.now())))
    while day <= last:
        if parts := list(archiving.manifests(day)):
            with unpacked(parts):
                yield from wish.records().iterator()
        # What came in late may be beside the archive.
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        with connection.cursor() as cursor:
            is_here = DAYS.exists(cursor, day)
        if is_here:
            yield from wish.records().filter(created_at__lt=end, created_at__gte=end - timedelta(days=1)).iterator()
        day += timedelta(days=1)


def counts_of_late(*, minutes: int) -> dict[str, int]:
    """How many records of each level were written lately."""
    lately = SystemLog.objects.filter(created_at__gt=timezone.now() - timedelta(minutes=minutes))
    counted = dict(lately.order_by().values_list("level").annotate(number=Count("*")))
    return {level.label: counted.get(level, 0) for level in Level}


@contextmanager
def unpacked(parts: list[archiving.Manifest]) -> Iterator[None]:
    """In the place of the log stand, for this connection, these parts of the archive: the same query finds in them."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever reads what is found may take their time.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute(f'CREATE TEMPORARY TABLE "{TABLE}" (LIKE public."{TABLE}", UNIQUE (id)) ON COMMIT DROP')
        for part in parts:
            lines: list[bytes] = []
            for line in archiving.lines_of(part):
                lines.append(line)
                if len(lines) == AT_ONCE:
                    load(lines)
                    lines = []
            load(lines)
        yield
        cursor.execute(f'DROP TABLE pg_temp."{TABLE}"')


def load(lines: list[bytes]) -> None:
    with connection.cursor() as cursor:
        rows = (b"[" + b",".join(lines) + b"]").decode()
        cursor.execute(LOAD, [rows])
