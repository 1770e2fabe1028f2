"""Our PostgreSQL backend: quicker in two things that every request pays for, and patient where it is asked to be."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import Connection, Error
from psycopg.adapt import Buffer, Loader
from psycopg_pool import ConnectionPool

NO_LIMIT = "statement_timeout = 0"


class DatabaseWrapper(base.DatabaseWrapper):
    # Whether statements may take as long as they need.
    is_patient = False

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Statements of this thread may take as long as they need in here; within a transaction, until that ends.

        A connection on which it was so is not given back to the pool, where somebody else would have it.
        """
        if self.in_atomic_block:
            with self.cursor() as cursor:
                cursor.execute(f"SET LOCAL {NO_LIMIT}")
            yield
            return
        self.close()
        self.is_patient = True
        try:
            yield
        finally:
            self.close()
            self.is_patient = False

    def connect(self) -> None:
        super().connect()
        if self.is_patient:
            with self.cursor() as cursor:
                cursor.execute(f"SET {NO_LIMIT}")

    def _close(self) -> None:
        if self.is_patient and self.connection is not None:
            # The pool makes another in its place.
            self.connection.close()
        super()._close()  # type: ignore[misc]  # not in the stubs

    def _configure_connection(self, connection: Connection[Any]) -> bool:
        """Once for each connection, when it is made."""
        if self.timezone is UTC:
            connection.adapters.register_loader("timestamptz", UtcLoader)
        changed: bool = super()._configure_connection(connection)  # type: ignore[misc]  # not in the stubs
        return changed

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """One that still lives.

        psycopg's own check asks the server each time. A server that goes away says so, or its system does: then
        there is something to read on a connection on which nothing was asked, and only then is it worth asking.
        """
        connection: Connection[Any] = super().get_new_connection(conn_params)
        if not self.pool:
            return connection
        # As many as there can be may be broken, when a server comes back; the last one is taken as it is.
        for _ in range(self.pool.max_size):
            if lives(connection):
                break
            # It sees that it is broken, and makes a new one.
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


class UtcLoader(Loader):
    """Reads a time as Django's loader does, in a tenth of the time, where the connection tells them in UTC."""

    # Django looks whether a connection's loader is for its own zone.
    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            # What Python has no time for (infinity, BC): Django's says so.
            found: datetime = OfDjango(self.oid, self.connection).load(data)
            return found


class OfDjango(BaseTzLoader):
    timezone = UTC


def lives(connection: Connection[Any]) -> bool:
    try:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if waiting.poll(0):
            ConnectionPool.check_connection(connection)
    except Error:
        # The pool looks at it again when it is given back, and keeps it if this was something else.
        return False
    return True
