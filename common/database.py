"""What the planner of PostgreSQL has to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


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
