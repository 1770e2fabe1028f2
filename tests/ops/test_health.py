import os
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries


def test_healthz_touches_nothing(visitor: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        response = visitor.get("/healthz")
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_readyz_says_that_all_parts_are_there(visitor: Client) -> None:
    response = visitor.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "parts": {"database": "ok", "cache": "ok", "migrations": "ok"}}


def test_readyz_names_a_cache_that_is_away(visitor: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": f"unix://{os.environ['VAR_DIR']}/nobody-listens.sock"}
    }
    response = visitor.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"] == {"database": "ok", "cache": "failing", "migrations": "ok"}


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


def test_readyz_keeps_the_reason_to_itself(visitor: Client, settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///a/secret/place.sock"}}
    assert b"secret" not in visitor.get("/readyz").content


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_by_whatever_name_they_come(visitor: Client, path: str) -> None:
    assert visitor.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_only_read(visitor: Client, path: str) -> None:
    assert visitor.post(path).status_code == 405
