"""Signing up, in and out over the API."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.core import mail
from django.test import Client

from accounts.models import LoginHistory, Session, User
from tests.accounts.clients import get, log_in, post, refresh
from tests.factories import PASSWORD

NEW = {"email": "New@howtoai.example", "password": PASSWORD, "name": "Nell New"}
OPEN_TO_MEMBERS = "/api/users/me"


@pytest.mark.django_db(transaction=True)
def test_signing_up_makes_a_person_and_signs_in() -> None:
    response = post("signup", NEW | {"token_delivery": "body"})
    assert response.status_code == 201, response.content
    body = response.json()
    assert body["user"]["email"] == "new@howtoai.example"
    assert (body["user"]["name"], body["user"]["handle"], body["user"]["role"]) == ("Nell New", "nell-new", "learner")
    assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 200
    assert mail.outbox[0].to == ["new@howtoai.example"]
    assert not EmailAddress.objects.get(email="new@howtoai.example").verified
    assert LoginHistory.objects.get().event == "sign_up"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "learner@howtoai.example", "unique"),
        ("email", "no address", "invalid"),
        ("email", "", "blank"),
        ("email", "new\n@howtoai.example", "invalid"),
        ("email", "n\u200bew@howtoai.example", "invalid"),
        ("email", "lea\u212a@howtoai.example", "invalid"),
        ("email", "new@h\u043ewtoai.example", "invalid"),
        ("password", "short", "password_too_short"),
        ("password", "qwerty123456", "password_too_common"),
        ("password", "x" * 300, "max_length"),
        ("password", "x" * 1_000_000, "max_length"),
        ("password", "new@howtoai.example", "password_too_similar"),
        ("name", "x" * 200, "max_length"),
        ("password", "nell new 1234", "password_too_similar"),
        ("name", "x\0", "null_characters_not_allowed"),
        ("token_delivery", "pigeon", "invalid_choice"),
    ],
)
def test_bad_sign_ups_are_refused_at_their_field(learner: User, field: str, value: str, code: str) -> None:
    response = post("signup", NEW | {field: value})
    assert response.status_code == 400, response.content
    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {(field, code)}
    assert User.objects.count() == 1
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("password", "almost"),
    [
        # bcrypt by itself reads 72 bytes.
        ("correct horse battery " * 4, "correct horse battery " * 3 + "correct"),
        ("x7" * 36 + "a", "x7" * 36 + "b"),
        ("\N{GRINNING FACE}" * 18 + "\N{GHOST}", "\N{GRINNING FACE}" * 18 + "\N{PILE OF POO}"),
        ("k" * 255 + "1", "k" * 255 + "2"),
    ],
    ids=["words", "one sign after 72", "signs of four bytes", "the longest"],
)
def test_every_sign_of_a_password_counts(password: str, almost: str) -> None:
    """With the hasher that is shipped, at a cost at which a test need not wait."""
    hasher = BCryptSHA256PasswordHasher()
    hasher.rounds = 4
    hashed = hasher.encode(password, hasher.salt())
    assert hasher.verify(password, hashed)
    assert not hasher.verify(almost, hashed)


def test_a_password_is_never_echoed(db: None) -> None:
    response = post("signup", NEW | {"email": "nothing", "password": "x" * 300})
    assert b"xxx" not in response.content


def test_signing_in_gives_a_person_their_tokens(learner: User) -> None:
    body = log_in("Learner@HowToAI.example")
    assert body["user"]["id"] == learner.pk
    assert get(OPEN_TO_MEMBERS, body["access"]).json()["email"] == learner.email
    session = Session.objects.get()
    assert body["refresh"].encode() not in bytes(session.refresh_hash)
    assert (session.door, session.user) == ("api", learner)


@pytest.mark.parametrize("email", ["learner@howtoai.example", "nobody@howtoai.example", "no address", "x" * 254])
def test_who_is_unknown_and_who_mistypes_get_the_same_answer(learner: User, email: str) -> None:
    response = post("login", {"email": email, "password": "wrong horse battery staple"})
    problem = response.json()
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert (problem["code"], problem["detail"]) == (
        "invalid_credentials",
        "The e-mail address or the password is wrong.",
    )
    assert LoginHistory.objects.get().event == "failure"


def test_the_banned_get_the_answer_of_the_unknown(learner: User) -> None:
    learner.is_active = False
    learner.save()
    response = post("login", {"email": learner.email, "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")
    assert LoginHistory.objects.get().reason == "banned"


def test_what_is_no_address_is_not_written_down(db: None) -> None:
    post("login", {"email": "my secret password", "password": "x"})
    assert LoginHistory.objects.get().email == ""


def test_browsers_get_cookies_that_no_script_can_read(learner: User) -> None:
    response = post("login", {"email": learner.email, "password": PASSWORD})
    assert set(response.json()) == {"user"}
    for name, samesite in (("__Host-access", "Lax"), ("__Host-refresh", "Strict"), ("__Host-device", "Lax")):
        cookie = response.cookies[name]
        assert (cookie["httponly"], cookie["secure"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] == samesite
    assert response.cookies["__Host-csrf"]["httponly"] == ""
    assert "no-store" in response["Cache-Control"]


def browser_of(learner: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    assert post("login", {"email": learner.email, "password": PASSWORD}, client=client).status_code == 200
    return client


def test_cookies_open_reading_and_writing_needs_the_csrf_token(learner: User) -> None:
    client = browser_of(learner)
    token = client.cookies["__Host-csrf"].value
    assert client.get(OPEN_TO_MEMBERS).status_code == 200
    for path in ("refresh", "logout"):
        refusal = post(path, client=client)
        assert (refusal.status_code, refusal["Content-Type"]) == (403, "application/problem+json")
        assert post(path, client=client, headers={"X-CSRFToken": "x" * 32}).status_code == 403
    cross = {"X-CSRFToken": token, "Sec-Fetch-Site": "cross-site"}
    assert post("refresh", client=client, headers=cross).status_code == 403
    foreign = {"X-CSRFToken": token, "Origin": "https://evil.example"}
    assert post("refresh", client=client, headers=foreign).status_code == 403
    before = client.cookies["__Host-refresh"].value
    assert post("refresh", client=client, headers={"X-CSRFToken": token}).status_code == 200
    assert client.cookies["__Host-refresh"].value != before
    assert post("logout", client=client, headers={"X-CSRFToken": token}).status_code == 204
    assert client.cookies["__Host-access"].value == client.cookies["__Host-refresh"].value == ""


def test_a_bearer_needs_no_csrf_and_ignores_cookies(learner: User, stranger: User) -> None:
    client = browser_of(learner)
    access = log_in(stranger.email)["access"]
    answer = client.get(OPEN_TO_MEMBERS, headers={"Authorization": f"Bearer {access}"})
    assert answer.json()["id"] == stranger.pk


def test_logging_out_ends_the_session_and_its_tokens(learner: User) -> None:
    body = log_in(learner.email)
    assert post("logout", {"refresh": body["refresh"]}).status_code == 204
    assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 401
    assert refresh(body["refresh"]).status_code == 401
    assert post("logout", {"refresh": body["refresh"]}).status_code == 204
    assert Session.objects.get().end_reason == "logged_out"


@pytest.mark.parametrize("path", ["refresh", "logout"])
@pytest.mark.parametrize("token", ["", "x", "é", "x" * 5000, "eyJhbGciOiJub25lIn0.e30.", None, 7, ["x"]])
def test_what_is_no_refresh_token_is_refused(db: None, path: str, token: object) -> None:
    response = post(path, {"refresh": token})
    assert response.status_code in (400, 401), response.content
    assert response["Content-Type"] == "application/problem+json"


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(learner: User) -> None:
    body = log_in(learner.email)
    assert refresh(body["access"]).status_code == 401
    assert get(OPEN_TO_MEMBERS, body["refresh"]).status_code == 401
    assert {row.reason.split(":")[0] for row in LoginHistory.objects.filter(event="refused_token")} == {
        "refresh token",
        "access token",
    }


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"null", b"[" * 50_000])
@pytest.mark.parametrize("path", ["signup", "login", "refresh", "logout"])
def test_bodies_that_are_none_are_client_errors(client: Client, db: None, path: str, body: bytes) -> None:
    response = client.post(f"/api/auth/{path}", body, content_type="application/json")
    assert 400 <= response.status_code < 500, response.content
    assert response["Content-Type"] == "application/problem+json"


def test_a_get_signs_nobody_out(client: Client, db: None) -> None:
    assert client.get("/api/auth/logout").status_code == 405
