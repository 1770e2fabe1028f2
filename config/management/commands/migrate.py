"""Migrate, one at a time: of two that begin together, as where two machines start, the second waits for the first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS, connection

from common.database import only_one, own_connection

PAUSE = 0.2  # seconds


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        """Raises what Django's own command does; waits without an end."""
        only_looks = options["plan"] or options["check_unapplied"]
        if only_looks or options["database"] != DEFAULT_DB_ALIAS:
            super().handle(*args, **options)
            return
        with alone():
            super().handle(*args, **options)


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else migrates this database within the block."""
    # A database that is away is told of as Django tells it.
    connection.ensure_connection()
    with own_connection() as beside, beside.cursor() as cursor:
        while True:
            with only_one(cursor, "migrate") as is_ours:
                if is_ours:
                    yield
                    return
            # Asked again and not waited for: a statement that waits holds a snapshot, for which an index that
            # the other one makes concurrently would have to wait in turn.
            time.sleep(PAUSE)
