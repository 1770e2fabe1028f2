"""Lines of JSON into the tables of SystemLog and ErrorGroup, each line once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from common.database import connect_beside
from common.partitions import by_day

TABLE = "ops_systemlog"
DAYS = by_day(TABLE)
CONNECT_WITHIN = 2  # seconds
STORE_WITHIN = 30  # seconds
# Every line begins with its time.
DAY = slice(len('{"time": "'), len('{"time": "2026-11-30'))
# A server that is away or stops, and tables that are not made yet: later it may work.
LATER = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError, OSError)
# It is this line that is not as it should be.
REFUSAL = (psycopg.DataError, psycopg.IntegrityError, ValueError)

# One statement: what was stored already is neither stored nor counted again.
STORE = """
WITH told AS (
    SELECT * FROM json_to_recordset(%s::json) AS told (
        id uuid, time timestamptz, severity smallint, logger text, message text, request_id text, user_id bigint,
        method text, path text, status smallint, duration_ms double precision, task text, process text, context jsonb,
        exception text, fingerprint text, title text
    )
), stored AS (
    INSERT INTO ops_systemlog (
        id, created_at, level, logger, message, request_id, user_id, method, path, status, duration_ms, task, process,
        context, exception, fingerprint
    )
    SELECT
        id, time, severity, logger, message, coalesce(request_id, ''), user_id, coalesce(method, ''),
        coalesce(path, ''), status, duration_ms, coalesce(task, ''), process, coalesce(context, '{}'),
        coalesce(exception, ''), coalesce(fingerprint, '')
    FROM told
    ON CONFLICT DO NOTHING
    RETURNING id, created_at, fingerprint
), counted AS (
    SELECT fingerprint, min(created_at) AS first_seen, max(created_at) AS last_seen, count(*) AS times
    FROM stored WHERE fingerprint <> '' GROUP BY fingerprint
), newest AS (
    SELECT DISTINCT ON (stored.fingerprint) told.*
    FROM stored JOIN told USING (id)
    WHERE stored.fingerprint <> ''
    ORDER BY stored.fingerprint, stored.created_at DESC
)
INSERT INTO ops_errorgroup AS known (
    fingerprint, title, logger, level, first_seen, last_seen, count, sample, exception, context, resolved_at, returns
)
SELECT
    counted.fingerprint, newest.title, newest.logger, newest.severity, counted.first_seen, counted.last_seen,
    counted.times, newest.id, coalesce(newest.exception, ''), coalesce(newest.context, '{}'), NULL, 0
FROM counted JOIN newest ON newest.fingerprint = counted.fingerprint
ORDER BY counted.fingerprint
ON CONFLICT (fingerprint) DO UPDATE SET
    count = known.count + excluded.count,
    first_seen = least(known.first_seen, excluded.first_seen),
    last_seen = greatest(known.last_seen, excluded.last_seen),
    level = excluded.level, title = excluded.title, sample = excluded.sample,
    exception = excluded.exception, context = excluded.context,
    resolved_at = CASE WHEN excluded.last_seen > known.resolved_at THEN NULL ELSE known.resolved_at END,
    returns = known.returns + (CASE WHEN excluded.last_seen > known.resolved_at THEN 1 ELSE 0 END)
"""


class Store:
    """A connection of its own: what is stored survives the rollback of whatever was going on when it was said."""

    def __init__(self) -> None:
        self.connection: psycopg.Connection[Any] | None = None
        self.days: set[str] = set()

    def put(self, lines: Sequence[bytes]) -> None:
        """All of them or none. Raises one of LATER, one of REFUSAL."""
        try:
            self.insert(lines)
        except psycopg.errors.CheckViolation:
            # A partition that we knew has been archived meanwhile.
            self.days.clear()
            self.insert(lines)
        except LATER:
            self.close()
            raise

    def insert(self, lines: Sequence[bytes]) -> None:
        connection = self.connected()
        with connection.transaction(), connection.cursor() as cursor:
            days = {line[DAY].decode() for line in lines}
            for day in sorted(days - self.days):
                DAYS.ensure(cursor, date.fromisoformat(day))
            cursor.execute(STORE, [(b"[" + b",".join(lines) + b"]").decode()])
        self.days |= days

    def connected(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            self.connection = connect_beside(within=CONNECT_WITHIN, statements_within=STORE_WITHIN)
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
