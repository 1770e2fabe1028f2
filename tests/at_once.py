"""Several who do something at the same moment, each with a connection of their own.

For tests whose rows are committed: `@pytest.mark.django_db(transaction=True)`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction


def overtaken(first: Callable[[], object], second: Callable[[], Any]) -> Any:
    """What comes of `second`, which begins while `first` is done and not committed yet; a refusal is returned."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            outcome = pool.submit(alone, second)
            wait_until_somebody_waits()
        return outcome.result(timeout=20)


def at_once(call: Callable[[], Any], times: int = 2) -> list[Any]:
    """What comes of the same call by several who begin together."""
    gate = Barrier(times, timeout=10)

    def begin(_: int) -> Any:
        gate.wait()
        return alone(call)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(begin, range(times)))


def alone(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ValidationError as error:
        return error
    finally:
        connection.close()


def wait_until_somebody_waits() -> None:
    """For a lock, in this database: other tests have others on the same server."""
    with connection.cursor() as cursor:
        for _ in range(5_000):
            # What a transaction has seen of it once it goes on seeing.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.002)")
    raise AssertionError("nobody came to wait")


def messages(outcome: Any) -> list[str]:
    assert isinstance(outcome, ValidationError), outcome
    return outcome.messages
