"""Signing in while Valkey is away: slower, less limited, but possible, and never a fault."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings
from django.core.cache import caches
from django.test import Client

from accounts.models import Session, User
from tests.accounts.clients import get, log_in, post, refresh
from tests.factories import PASSWORD, TOTP_SECRET, totp_code


@pytest.fixture
def nowhere(settings: LazySettings) -> Iterator[None]:
    """The cache is at a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{port}/0"}}
    yield
    caches["default"].close()


def page_sign_in(client: Client, email: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": PASSWORD})


def test_the_api_signs_in_renews_and_signs_out(learner: User, nowhere: None) -> None:
    body = log_in(learner.email)
    renewed = refresh(body["refresh"])
    assert renewed.status_code == 200
    assert get("/api/users/me", renewed.json()["access"]).status_code == 200
    assert post("logout", {"refresh": renewed.json()["refresh"]}).status_code == 204
    assert get("/api/users/me", renewed.json()["access"]).status_code == 401


def test_wrong_passwords_are_refused_as_ever(learner: User, nowhere: None) -> None:
    assert post("login", {"email": learner.email, "password": "wrong"}).status_code == 401


def test_a_second_factor_is_good_once_even_so(learner: User, nowhere: None) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    code, client = totp_code(), Client()
    location = page_sign_in(client, learner.email)["Location"]
    assert client.post(location, {"code": "000000"}).status_code == 200
    assert client.post(location, {"code": code}).status_code == 302
    assert Session.objects.alive().count() == 1
    again = post("login", {"email": learner.email, "password": PASSWORD, "code": code})
    assert (again.status_code, again.json()["code"]) == (401, "second_factor_refused")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/signup/", {"name": "", "email": "new@howtoai.example", "password1": PASSWORD}),
        ("/accounts/password/reset/", {"email": "learner@howtoai.example"}),
        ("/accounts/login/code/", {"email": "learner@howtoai.example"}),
        ("/accounts/login/", {"login": "nobody@howtoai.example", "password": "x"}),
    ],
)
def test_no_door_breaks(client: Client, learner: User, nowhere: None, path: str, fields: dict[str, str]) -> None:
    assert client.post(path, fields).status_code in (200, 302)
