"""Refresh tokens: one winner, ten seconds of grace, then theft."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.db import connection
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.authentication import BearerAuthentication
from accounts.models import LoginHistory, Session, User
from accounts.tokens import Key, RefreshToken
from tests.accounts.clients import get, log_in, refresh

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPEN_TO_MEMBERS = "/api/users/me"


def test_a_token_is_exchanged_for_new_ones(learner: User) -> None:
    first = log_in(learner.email)
    second = refresh(first["refresh"])
    assert second.status_code == 200
    assert set(second.json()) == {"access", "access_expires_at", "refresh", "refresh_expires_at"}
    assert get(OPEN_TO_MEMBERS, second.json()["access"]).status_code == 200
    assert refresh(second.json()["refresh"]).json()["refresh"] not in (first["refresh"], second.json()["refresh"])
    assert Session.objects.count() == 1


def test_within_ten_seconds_the_same_token_gets_the_same_successor(learner: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = log_in(learner.email)["refresh"]
        successor = refresh(first).json()["refresh"]
        clock.shift(10)
        assert refresh(first).json()["refresh"] == successor
        assert refresh(successor).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_used_token_that_comes_later_ends_the_whole_family(learner: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        other_device = log_in(learner.email)
        first = log_in(learner.email)["refresh"]
        second = refresh(first).json()
        clock.shift(10.1)
        mail.outbox.clear()
        refusal = refresh(first)
        assert (refusal.status_code, refusal.json()["code"]) == (401, "invalid_token")
        assert refresh(second["refresh"]).status_code == 401
        assert get(OPEN_TO_MEMBERS, second["access"]).status_code == 401
        assert get(OPEN_TO_MEMBERS, other_device["access"]).status_code == 200
    theft = LoginHistory.objects.get(event="theft")
    assert (theft.user, theft.session is not None and theft.session.end_reason) == (learner, "theft")
    assert [message.to for message in mail.outbox] == [[learner.email]]


def test_a_token_older_than_the_one_before_is_theft_at_once(learner: User) -> None:
    first = log_in(learner.email)["refresh"]
    third = refresh(refresh(first).json()["refresh"]).json()["refresh"]
    assert refresh(first).status_code == 401
    assert refresh(third).status_code == 401
    assert LoginHistory.objects.filter(event="theft").count() == 1


def test_a_token_that_we_never_made_ends_nothing(learner: User) -> None:
    token = log_in(learner.email)["refresh"]
    session = Session.objects.get()
    forged = RefreshToken(session.pk, b"x" * 32)
    raw = str(forged)[:-4] + "AAAA"
    assert refresh(raw).status_code == 401
    assert refresh(token).status_code == 200


def test_a_session_ends_after_seven_days_without_use(learner: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        body = log_in(learner.email)
        assert datetime.fromisoformat(body["refresh_expires_at"]) == NOON + timedelta(days=7)
        clock.shift(timedelta(days=7))
        assert refresh(body["refresh"]).status_code == 401
        assert LoginHistory.objects.filter(event="theft").count() == 0


def test_a_session_ends_after_thirty_days_whatever_its_use(learner: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        token = log_in(learner.email)["refresh"]
        for _ in range(5):
            clock.shift(timedelta(days=5))
            token = refresh(token).json()["refresh"]
        last = refresh(token).json()
        assert datetime.fromisoformat(last["refresh_expires_at"]) == NOON + timedelta(days=30)
        clock.shift(timedelta(days=5))
        assert refresh(last["refresh"]).status_code == 401


def test_an_access_token_lives_fifteen_minutes(learner: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        body = log_in(learner.email)
        assert datetime.fromisoformat(body["access_expires_at"]) == NOON + timedelta(minutes=15)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 200
        clock.shift(timedelta(seconds=2))
        assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 401


def test_keys_rotate_with_overlap(learner: User, settings: LazySettings) -> None:
    body = log_in(learner.email)
    old = settings.JWT_SECRET
    settings.JWT_SECRET, settings.JWT_SECRETS_BEFORE = "n" * 64, [old]
    assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 200
    renewed = refresh(body["refresh"]).json()
    assert refresh(body["refresh"]).json()["refresh"] == renewed["refresh"]
    assert jwt.get_unverified_header(renewed["access"])["kid"] == Key.of("n" * 64).id
    settings.JWT_SECRETS_BEFORE = []
    assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 401
    assert get(OPEN_TO_MEMBERS, renewed["access"]).status_code == 200


def forged(claims: dict[str, object], *, key: str, algorithm: str = "HS256", **headers: object) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def test_forged_access_tokens_are_refused_and_recorded(learner: User, settings: LazySettings) -> None:
    body = log_in(learner.email)
    good = jwt.decode(body["access"], options={"verify_signature": False})
    kid = jwt.get_unverified_header(body["access"])["kid"]
    secret = settings.JWT_SECRET
    assert get(OPEN_TO_MEMBERS, forged(good, key=secret, kid=kid)).status_code == 200
    corpus = {
        "alg none": forged(good, key="", algorithm="none", kid=kid),
        "another algorithm": forged(good, key=secret, algorithm="HS512", kid=kid),
        "wrong key": forged(good, key="w" * 64, kid=kid),
        "no kid": forged(good, key=secret),
        "unknown kid": forged(good, key=secret, kid="00000000"),
        "kid is a path": forged(good, key="", algorithm="none", kid="../../dev/null"),
        "crit": forged(good, key=secret, kid=kid, crit=["exp"]),
        "wrong audience": forged(good | {"aud": "somebody-else"}, key=secret, kid=kid),
        "wrong issuer": forged(good | {"iss": "somebody-else"}, key=secret, kid=kid),
        "no expiry": forged({name: good[name] for name in good if name != "exp"}, key=secret, kid=kid),
        "wrong type": forged(good | {"typ": "refresh"}, key=secret, kid=kid),
        "no session": forged({name: good[name] for name in good if name != "sid"}, key=secret, kid=kid),
        "a session that is none": forged(good | {"sid": "1 OR 1=1"}, key=secret, kid=kid),
        "a session that is a number": forged(good | {"sid": 7}, key=secret, kid=kid),
        "not a token": "a.b.c",
        "long": "a" * 5000,
        "not ASCII": "é.è.à",
    }
    for name, token in corpus.items():
        response = get(OPEN_TO_MEMBERS, token)
        assert (response.status_code, response.json()["code"]) == (401, "invalid_token"), name
        assert response["WWW-Authenticate"].startswith("Bearer"), name
    assert LoginHistory.objects.filter(event="refused_token").exclude(reason="").count() == len(corpus)
    assert get(OPEN_TO_MEMBERS, body["access"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_many_refreshes_at_once_give_one_family(learner: User) -> None:
    token = log_in(learner.email)["refresh"]

    def once(_: int) -> tuple[int, str]:
        try:
            response = refresh(token)
            return response.status_code, response.json().get("refresh", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(once, range(60)))
    assert len(answers) == 1
    assert answers.pop()[0] == 200
    assert Session.objects.alive().count() == 1
    assert LoginHistory.objects.filter(event="refresh").count() == 1


def test_a_bearer_costs_one_query(learner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    access = log_in(learner.email)["access"]
    request = Request(APIRequestFactory().get("/", headers={"Authorization": f"Bearer {access}"}))
    with django_assert_num_queries(1):
        assert BearerAuthentication().authenticate(request) is not None
