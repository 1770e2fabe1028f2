import os
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ops import health


def test_healthz_touches_nothing(visitor: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        response = visitor.get("/healthz")
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_readyz_says_that_all_parts_are_there(visitor: Client) -> None:
    response = visitor.get("/readyz")
    assert response.status_code == 200
    parts = {"database": "ok", "cache": "ok", "disk": "ok", "migrations": "ok"}
    assert response.json() == {"status": "ok", "parts": parts}


def test_without_a_cache_traffic_still_comes_and_readyz_names_it(visitor: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": f"unix://{os.environ['VAR_DIR']}/nobody-listens.sock"}
    }
    response = visitor.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["parts"] == {"database": "ok", "cache": "failing", "disk": "ok", "migrations": "ok"}


@pytest.mark.django_db(transaction=True)
def test_readyz_names_migrations_that_wait() -> None:
    call_command("migrate", "sessions", "zero", verbosity=0)
    try:
        response = Client().get("/readyz")
    finally:
        # Those of others that build on it are taken back with it.
        call_command("migrate", verbosity=0)
    assert response.status_code == 503
    assert response.json()["parts"]["migrations"] == "failing"


def test_a_database_that_does_not_answer_in_time_is_failing() -> None:
    """As one whose process hangs: nothing refuses, nothing answers."""
    answer = threading.Event()

    def hang() -> None:
        answer.wait(20)

    try:
        with pytest.raises(TimeoutError, match=r"no answer within 0.01 s"):
            health.within(0.01, hang)
    finally:
        answer.set()


def test_what_another_thread_finds_is_raised_here() -> None:
    def check() -> None:
        raise RuntimeError("not there")

    with pytest.raises(RuntimeError, match="not there"):
        health.within(20, check)
    health.within(20, lambda: None)


def test_a_full_disk_is_failing() -> None:
    health.check_disk(lambda: 0.96)
    with pytest.raises(RuntimeError, match="97% of the disk"):
        health.check_disk(lambda: 0.97)
    assert health.sum_up({"database": "ok", "disk": "failing"}) == "failing"
    assert health.sum_up({"database": "failing", "cache": "failing"}) == "failing"


def test_a_machine_that_is_about_to_stop_takes_no_traffic(visitor: Client, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    call_command("drain", "on", stdout=StringIO())
    response = visitor.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "draining", "parts": {}})
    # Requests that are under way, and those that still come, are answered.
    assert visitor.get("/healthz").status_code == 200
    call_command("drain", "off", stdout=StringIO())
    assert visitor.get("/readyz").status_code == 200


def test_a_server_with_a_flag_of_its_own_takes_no_traffic(visitor: Client, settings: Any, tmp_path: Path) -> None:
    settings.DRAINING_FLAG = str(tmp_path / "draining")
    assert visitor.get("/readyz").status_code == 200
    (tmp_path / "draining").touch()
    response = visitor.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "draining", "parts": {}})
    assert visitor.get("/healthz").status_code == 200
    # Another server, of the same machine, is none the wiser.
    settings.DRAINING_FLAG = str(tmp_path / "another")
    assert visitor.get("/readyz").status_code == 200


def test_readyz_asks_for_migrations_with_one_statement(
    visitor: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visitor.get("/readyz")
    # Whether there is a table, and what it says.
    with django_assert_max_num_queries(2):
        visitor.get("/readyz")


def test_readyz_keeps_the_reason_to_itself(visitor: Client, settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///a/secret/place.sock"}}
    assert b"secret" not in visitor.get("/readyz").content


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_by_whatever_name_they_come(visitor: Client, path: str) -> None:
    assert visitor.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_only_read(visitor: Client, path: str) -> None:
    assert visitor.post(path).status_code == 405
