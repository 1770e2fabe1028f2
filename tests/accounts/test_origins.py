"""Which other origins may call us, and what is kept in caches."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from accounts.models import Profile, User
from tests.accounts.clients import get, log_in

FRIEND = "https://app.howtoai.example"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        FRIEND + ".evil.example",
        "https://evil-app.howtoai.example",
        "http://app.howtoai.example",
        FRIEND + ":8443",
    ],
)
def test_no_other_origin_may_read_answers(visitor: Client, settings: LazySettings, origin: str) -> None:
    for allowed in ([], [FRIEND]):
        settings.CORS_ALLOWED_ORIGINS = allowed
        response = visitor.get("/api/tutorials", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in response


def test_an_origin_that_is_named_may_call_the_api_without_cookies_and_no_page(
    visitor: Client, settings: LazySettings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [FRIEND]
    asked = {
        "Origin": FRIEND,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = visitor.options("/api/tutorials", headers=asked)
    assert preflight["Access-Control-Allow-Origin"] == FRIEND
    assert "authorization" in preflight["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in preflight
    assert "Access-Control-Allow-Origin" not in visitor.get("/", headers={"Origin": FRIEND})


def test_what_is_made_for_one_person_is_kept_by_no_shared_cache(client: Client, learner: User) -> None:
    access = log_in(learner.email)["access"]
    client.force_login(learner)
    for response in (client.get("/"), client.get("/settings/sessions/"), get("/api/tutorials", access)):
        assert {"private", "no-store"} <= set(response["Cache-Control"].replace(",", " ").split())
    assert "Cookie" in client.get("/")["Vary"]
    assert {"Cookie", "Authorization"} <= set(Client().get("/api/tutorials")["Vary"].split(", "))


def test_pages_tell_the_time_where_the_person_lives_and_the_api_tells_utc(client: Client, learner: User) -> None:
    Profile.objects.filter(user=learner).update(time_zone="Asia/Tokyo")
    with time_machine.travel(datetime(2026, 11, 22, 20, 30, tzinfo=UTC), tick=False):
        client.force_login(learner)
        page = client.get("/settings/history/").content.decode()
        rows = client.get("/api/users/me/login-history").json()["results"]
    assert "05:30" in page
    assert rows[0]["at"] == "2026-11-22T20:30:00Z"
    assert "05:30" not in Client().get("/").content.decode()
