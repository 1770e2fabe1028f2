"""What PostgreSQL has to be told, and what it should not be asked at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.db.models import QuerySet

if TYPE_CHECKING:
    from common.postgresql.base import DatabaseWrapper

# Rows that are deleted at once, so that no lock is held for long.
BATCH = 5_000


@contextmanager
def indexes_only() -> Iterator[None]:
    """A transaction in which no table is read whole if an index can answer.

    For full text: the planner takes looking a word up in a document to be as cheap as comparing two numbers, and
    would rather read all documents than an index.
    """
    # The setting lasts as long as the transaction, so a savepoint within another would give nothing.
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        yield


def patient() -> AbstractContextManager[None]:
    """Statements of this thread may take as long as they need in here, where a request's would be cut off."""
    return cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS]).patient()


def delete_in_batches(rows: QuerySet[Any], *, size: int = BATCH) -> int:
    """Delete what a query finds, in the order of its keys; returns how many there were. May be cut off any time."""
    count, last = 0, None
    in_order = rows.order_by("pk").values_list("pk", flat=True)
    while keys := list((in_order if last is None else in_order.filter(pk__gt=last))[:size]):
        deleted = rows.model._base_manager.filter(pk__in=keys).delete()[1]
        count, last = count + deleted.get(rows.model._meta.label, 0), keys[-1]
    return count


def lock_for_transaction(space: str, key: int | str) -> None:
    """Wait until nobody else holds this lock, and hold it to the end of the transaction; it locks no row.

    For what takes longer than a row should be locked, such as a talk with a provider. Raises OperationalError after
    the lock timeout.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{space}:{key}"])


@contextmanager
def own_connection() -> Iterator[psycopg.Connection[Any]]:
    """One beside Django's, which lives through whatever becomes of that. Raises psycopg.Error."""
    options = {**connection.get_connection_params(), "autocommit": True}
    options.pop("pool", None)
    with closing(psycopg.connect(**options)) as made:
        yield made


def connect_beside(*, within: int, statements_within: int) -> psycopg.Connection[Any]:
    """One that is kept beside Django's, for a thread of its own; spans are in seconds. Raises psycopg.Error."""
    options = {**connection.get_connection_params(), "connect_timeout": within}
    options.pop("pool", None)
    made = psycopg.connect(**options, autocommit=True)
    made.execute(f"SET statement_timeout = '{statements_within}s'")
    return made


@contextmanager
def only_one(cursor: Any, deed: str) -> Iterator[bool]:
    """Whether nobody else in this database is at a deed of that name, and nobody can begin it within this block.

    The lock is of the session: it ends with the connection, however a process ends. With a cursor of Django's or of
    psycopg's own.
    """
    cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [deed])
    (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            try:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [deed])
            except (psycopg.Error, Error):
                # With the connection ends the lock.
                if not cursor.connection.closed:
                    raise
