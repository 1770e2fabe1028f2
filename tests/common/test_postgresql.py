"""Our backend: a connection that the server gave up reaches no request, and times are read as Django reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, connections
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from django.db.utils import load_backend

from common.postgresql.base import UtcLoader


@pytest.fixture
def pooled(db: None) -> Iterator[Any]:
    """A connection wrapper with a pool, as requests have, to the database of this test."""
    settings = connections["default"].settings_dict
    options = settings["OPTIONS"] | {"pool": {"min_size": 1, "max_size": 1, "timeout": 5}}
    wrapper = load_backend("common.postgresql").DatabaseWrapper(settings | {"OPTIONS": options}, alias="pooled")
    # What listens to new connections asks for them by their alias.
    connections["pooled"] = wrapper
    yield wrapper
    wrapper.close()
    wrapper.close_pool()
    del connections["pooled"]


def process_of(wrapper: Any) -> int:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end(process: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
        assert cursor.fetchone() == (True,)


def last_asked(process: int) -> datetime:
    with connection.cursor() as cursor:
        # What a transaction has seen of it once it goes on seeing.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT query_start FROM pg_stat_activity WHERE pid = %s", [process])
        when: datetime = cursor.fetchone()[0]
    return when


def test_a_request_does_not_wait_for_ever_for_a_statement(pooled: Any) -> None:
    with pooled.cursor() as cursor:
        for name, seconds in (("statement_timeout", "15s"), ("lock_timeout", "5s")):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (seconds,)
        cursor.execute("SET statement_timeout = '50ms'")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(30)")


def test_a_connection_that_lives_is_used_again_without_a_word_to_the_server(pooled: Any) -> None:
    process = process_of(pooled)
    before = last_asked(process)
    for _ in range(5):
        pooled.close()
        pooled.ensure_connection()
    assert last_asked(process) == before
    assert process_of(pooled) == process
    assert last_asked(process) > before


def test_a_connection_whose_server_is_gone_is_replaced_before_anybody_uses_it(pooled: Any) -> None:
    first = process_of(pooled)
    pooled.close()
    end(first)
    assert process_of(pooled) != first


TIMES = (
    "2026-11-29 17:12:23.146464+00",
    "2026-11-29 17:12:23.1+00",
    "2026-11-29 17:12:23+00",
    "1969-12-31 23:59:59.999999+00",
    "0001-01-01 00:00:00+00",
    "9999-12-31 23:59:59.999999+00",
)


class OfDjango(BaseTzLoader):
    timezone = UTC


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_read_as_django_reads_it(db: None, text: str) -> None:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    oid = psycopg.adapters.types["timestamptz"].oid
    ours, djangos = (loader(oid, raw).load(text.encode()) for loader in (UtcLoader, OfDjango))
    assert ours == djangos
    assert ours.tzinfo is UTC
    assert ours.microsecond == djangos.microsecond


def test_requests_have_this_loader(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        loader = cursor.connection.adapters.get_loader(
            psycopg.adapters.types["timestamptz"].oid, psycopg.pq.Format.TEXT
        )
        now = cursor.fetchone()[0]
    assert loader is UtcLoader
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 00:00:00+00 BC"])
def test_a_time_for_which_python_has_none_is_an_error_as_before(db: None, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        with pytest.raises(DataError):
            cursor.fetchone()


def limit_of(wrapper: Any) -> str:
    with wrapper.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def test_a_connection_is_patient_as_long_as_it_is_asked_to(pooled: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert limit_of(pooled) == "15s"
    with pooled.patient():
        assert limit_of(pooled) == "0"
        # As after a long wait, or where the server was away.
        pooled.close()
        assert limit_of(pooled) == "0"
    assert limit_of(pooled) == "15s"
    # Each minute some command does so.
    assert caplog.records == []


@contextmanager
def unended_transaction(wrapper: Any) -> Iterator[Any]:
    wrapper.set_autocommit(False)
    yield wrapper.cursor()


def test_patience_ends_with_what_fails(pooled: Any) -> None:
    with pytest.raises(DataError), pooled.patient(), pooled.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    with pytest.raises(DataError), pooled.patient(), unended_transaction(pooled) as cursor:
        cursor.execute("SELECT 1 / 0")
    assert limit_of(pooled) == "15s"
    assert pooled.get_autocommit()
    with pooled.patient():
        end(process_of(pooled))
    assert limit_of(pooled) == "15s"


def test_within_a_transaction_patience_lasts_as_long_as_that(db: None) -> None:
    wrapper: Any = connection
    with wrapper.patient():
        assert limit_of(connection) == "0"
