"""Signing in with an account elsewhere, against a server that answers as GitHub does."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.test import Client

from accounts.models import Session, User
from tests.factories import PASSWORD, TOTP_SECRET, totp_code

SECRET = "gho_a-token-that-nobody-keeps"


@dataclass
class GitHub:
    """What it says of the person who signs in there, and what it was asked."""

    url: str
    profile: dict[str, Any] = field(default_factory=lambda: {"id": 7, "login": "octo", "name": "Otto Octo"})
    emails: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    class Answers(BaseHTTPRequestHandler):
        github: ClassVar[GitHub]

        def do_POST(self) -> None:
            self.github.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.answer({"access_token": SECRET, "token_type": "bearer", "scope": "user:email"})

        def do_GET(self) -> None:
            self.answer(self.github.emails if self.path.endswith("/emails") else self.github.profile)

        def answer(self, body: object) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stand_in = Answers.github = GitHub(f"http://127.0.0.1:{server.server_port}")
    # allauth reads the addresses once, when it is imported.
    monkeypatch.setattr(GitHubOAuth2Adapter, "access_token_url", f"{stand_in.url}/login/oauth/access_token")
    monkeypatch.setattr(GitHubOAuth2Adapter, "profile_url", f"{stand_in.url}/user")
    monkeypatch.setattr(GitHubOAuth2Adapter, "emails_url", f"{stand_in.url}/user/emails")
    yield stand_in
    server.shutdown()
    server.server_close()


def verified(email: str) -> list[dict[str, Any]]:
    return [{"email": email, "verified": True, "primary": True, "visibility": None}]


def come_back(client: Client, *, state: str | None = None) -> Any:
    """Go to GitHub and come back from there with its code."""
    there = client.post("/accounts/github/login/")
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    state = asked["state"][0] if state is None else state
    return client.get("/accounts/github/login/callback/", {"code": "a-code", "state": state})


def is_in(client: Client) -> bool:
    return client.get("/settings/sessions/").status_code == 200


def test_a_new_person_gets_an_account_with_a_confirmed_address(client: Client, github: GitHub, db: None) -> None:
    github.emails = verified("Octo@howtoai.example")
    assert come_back(client).status_code == 302
    assert is_in(client)
    person = User.objects.get()
    assert (person.email, person.is_confirmed, person.has_usable_password()) == ("octo@howtoai.example", True, False)
    assert (person.profile.handle, person.role) == ("otto-octo", "learner")
    assert github.asked[0]["code_verifier"]
    assert not SocialToken.objects.exists()
    assert SECRET not in str(list(SocialAccount.objects.values()))


def test_the_same_person_comes_back_to_the_same_account(client: Client, github: GitHub, db: None) -> None:
    github.emails = verified("octo@howtoai.example")
    come_back(client)
    client.post("/accounts/logout/")
    come_back(client)
    assert is_in(client)
    assert User.objects.count() == 1
    assert Session.objects.alive().count() == 1


def test_an_address_that_has_an_account_here_is_not_taken_over(client: Client, github: GitHub, learner: User) -> None:
    github.emails = verified(learner.email)
    come_back(client)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_a_second_factor_is_asked_for_all_the_same(client: Client, github: GitHub, db: None) -> None:
    github.emails = verified("octo@howtoai.example")
    come_back(client)
    TOTP.activate(User.objects.get(), TOTP_SECRET)
    client.post("/accounts/logout/")
    response = come_back(client)
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(client)
    client.post(response["Location"], {"code": totp_code()})
    assert is_in(client)


def test_an_answer_that_nobody_asked_for_signs_nobody_in(client: Client, github: GitHub, db: None) -> None:
    github.emails = verified("octo@howtoai.example")
    response = come_back(client, state="forged")
    assert response.status_code in (200, 401, 403)
    assert not is_in(client)
    assert not User.objects.exists()


def test_the_sign_in_page_offers_what_is_configured(client: Client, db: None) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert re.search(r"GitHub", page)
    assert re.search(r"Google", page)


def test_a_banned_person_stays_out(client: Client, github: GitHub, db: None) -> None:
    github.emails = verified("octo@howtoai.example")
    come_back(client)
    person = User.objects.get()
    person.is_active = False
    person.save()
    come_back(Client())
    assert Session.objects.alive().count() == 0


def test_an_account_elsewhere_is_connected_from_the_settings(client: Client, github: GitHub, learner: User) -> None:
    client.post("/accounts/login/", {"login": learner.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    github.emails = verified("elsewhere@howtoai.example")
    there = client.post("/accounts/github/login/?process=connect")
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    client.get("/accounts/github/login/callback/", {"code": "a-code", "state": state})
    assert SocialAccount.objects.get().user == learner
    assert User.objects.count() == 1


def test_none_is_connected_by_whoever_proved_nothing_lately(client: Client, github: GitHub, learner: User) -> None:
    client.post("/accounts/login/", {"login": learner.email, "password": PASSWORD})
    github.emails = verified("elsewhere@howtoai.example")
    there = client.post("/accounts/github/login/?process=connect")
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    back = client.get("/accounts/github/login/callback/", {"code": "a-code", "state": state})
    assert back["Location"].startswith("/accounts/reauthenticate/")
    assert not SocialAccount.objects.exists()
