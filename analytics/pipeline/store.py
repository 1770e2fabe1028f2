"""Lines into the table of events, each once."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from analytics.pipeline.lines import BETWEEN, COLUMNS
from common.database import connect_beside
from common.partitions import by_month

logger = logging.getLogger(__name__)

MONTHS = by_month("analytics_useranalytics")
CONNECT_WITHIN = 2  # seconds
# Milliseconds since 1970. An event outside would make a month of its own for nothing.
EARLIEST = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
AHEAD = 2 * 24 * 60 * 60 * 1000
# The first eight digits of an id stand for so many milliseconds.
SPAN, SPAN_DIGITS = 1 << 16, 8

# It is this line that is not as it should be; also one that is too deep or too large for PostgreSQL.
REFUSAL = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    ValueError,
)
# A server that is away or stops, and tables that are not made yet: later it may work.
LATER = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError, OSError)

# Of the connection. What a transaction that is rolled back has put into `known` is not in it, either.
PREPARE = """
SET temp_buffers = '32MB';
SET work_mem = '32MB';
CREATE TEMPORARY TABLE incoming (
    id uuid, user_id bigint, visitor bigint, words text, name text, subject text, source text, properties jsonb
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE known (words text PRIMARY KEY, audience_id integer NOT NULL);
"""
COPY = f"COPY incoming ({', '.join(COLUMNS)}) FROM STDIN"
UNKNOWN = "SELECT DISTINCT words FROM incoming WHERE NOT EXISTS (SELECT FROM known WHERE known.words = incoming.words)"
# Two at once insert in one order, and the second waits for the first; each sees what the other has committed.
WORDS = f"""
WITH unknown AS (
    SELECT words, split_part(words, '{BETWEEN}', 1) AS tier, split_part(words, '{BETWEEN}', 2) AS country,
        split_part(words, '{BETWEEN}', 3) AS device, split_part(words, '{BETWEEN}', 4) AS browser,
        split_part(words, '{BETWEEN}', 5) AS system
    FROM unnest(%s::text[]) AS words
)
"""  # noqa: S608 - of a sign
SEGMENTS = f"""{WORDS}
INSERT INTO analytics_segment (tier, country, device)
SELECT DISTINCT tier, country, device FROM unknown
WHERE NOT EXISTS (
    SELECT FROM analytics_segment AS segment
    WHERE (segment.tier, segment.country, segment.device) = (unknown.tier, unknown.country, unknown.device)
)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
"""  # noqa: S608 - of words of our own
OF_SEGMENT = "JOIN analytics_segment AS segment USING (tier, country, device)"
AUDIENCES = f"""{WORDS}
INSERT INTO analytics_audience (segment_id, browser, system)
SELECT DISTINCT segment.id, browser, system FROM unknown {OF_SEGMENT}
WHERE NOT EXISTS (
    SELECT FROM analytics_audience AS audience
    WHERE (audience.segment_id, audience.browser, audience.system) = (segment.id, unknown.browser, unknown.system)
)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
"""  # noqa: S608 - of words of our own
LEARN = f"""{WORDS}
INSERT INTO known
SELECT words, audience.id FROM unknown {OF_SEGMENT}
JOIN analytics_audience AS audience
    ON (audience.segment_id, audience.browser, audience.system) = (segment.id, unknown.browser, unknown.system)
"""  # noqa: S608 - of words of our own
# In the order of ids, so that two who store the same wait for each other in one direction only.
STORE = """
WITH stored AS (
    INSERT INTO analytics_useranalytics (
        id, at, user_id, visitor, audience_id, name, subject, source, properties
    )
    SELECT id, uuid_extract_timestamp(id), user_id, visitor, audience_id, name, subject, source, properties
    FROM incoming JOIN known USING (words)
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING at
)
INSERT INTO analytics_dirtyhour (hour) SELECT DISTINCT date_trunc('hour', at, 'UTC') FROM stored
"""
SET_ASIDE = """
INSERT INTO analytics_deadletter (id, set_aside_at, error, line) VALUES (%s, now(), %s, %s) ON CONFLICT DO NOTHING
"""


class Store:
    """A connection of its own: what is stored survives the rollback of whatever was going on when it happened."""

    def __init__(self, *, within: int = 30) -> None:
        """`within`: seconds that a statement may take."""
        self.within = within
        self.connection: psycopg.Connection[Any] | None = None
        self.months: set[date] = set()

    def keep(self, lines: Sequence[bytes]) -> None:
        """What the database refuses holds up no other: it is set aside. Raises one of LATER."""
        try:
            self.put(lines)
        except REFUSAL as error:
            if len(lines) == 1:
                self.set_aside(lines[0], str(error).partition("\n")[0])
                return
            middle = len(lines) // 2
            self.keep(lines[:middle])
            self.keep(lines[middle:])

    def put(self, lines: Sequence[bytes]) -> None:
        """All of them or none. Raises one of LATER, one of REFUSAL."""
        try:
            self.insert(lines)
        except psycopg.errors.CheckViolation:
            # A partition that we knew has been dropped meanwhile.
            self.months.clear()
            self.insert(lines)
        except REFUSAL:
            # Some are errors of operation, to psycopg.
            raise
        except LATER:
            self.close()
            raise

    def insert(self, lines: Sequence[bytes]) -> None:
        connection = self.connected()
        months = set(months_of(lines))
        with connection.transaction(), connection.cursor() as cursor:
            for month in sorted(months - self.months):
                MONTHS.ensure(cursor, month)
            with cursor.copy(COPY) as copy:
                copy.write(b"\n".join(lines))
            self.learn(cursor)
            cursor.execute(STORE)
        self.months |= months

    def learn(self, cursor: psycopg.Cursor[Any]) -> None:
        """The numbers of audiences that this connection has not met before."""
        if unknown := [words for (words,) in cursor.execute(UNKNOWN)]:
            for statement in (SEGMENTS, AUDIENCES, LEARN):
                cursor.execute(statement, [unknown])

    def set_aside(self, line: bytes, words: str) -> None:
        """Once, however often it comes; `words` say why. Raises one of LATER."""
        try:
            self.connected().execute(SET_ASIDE, [hashlib.sha256(line).hexdigest(), words, line])
        except LATER:
            self.close()
            raise
        logger.error("an event cannot be stored, it is set aside: %s", words)

    def answers(self) -> bool:
        """Whether the database answers to somebody new."""
        try:
            self.connected().execute("SELECT 1")
        except LATER:
            self.close()
            return False
        return True

    def connected(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            self.connection = connect_beside(within=CONNECT_WITHIN, statements_within=self.within)
            self.connection.execute(PREPARE)
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def is_lost(error: Exception) -> bool:
    """Whether a connection ended in the middle, rather than that a statement took too long or a table is not there."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return isinstance(error, psycopg.OperationalError) and (state is None or state.startswith("57P"))


def months_of(lines: Sequence[bytes]) -> Iterator[date]:
    """By their first days. Raises ValueError for what is too long ago, or too far ahead."""
    latest = time.time_ns() // 1_000_000 + AHEAD
    for span in {line[:SPAN_DIGITS] for line in lines}:
        begin = int(span, 16) * SPAN
        if not EARLIEST <= begin <= latest:
            raise ValueError("The time in the id of an event is before 2020, or days ahead.")
        for milliseconds in (begin, begin + SPAN - 1):
            yield datetime.fromtimestamp(milliseconds / 1000, tz=UTC).date().replace(day=1)
