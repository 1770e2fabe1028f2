"""What the API reads as JSON, and what it refuses before anything else sees it."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.clients import log_in

ME = "/api/users/me"


@pytest.fixture
def headers(learner: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {log_in(learner.email)['access']}"}


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (rb'{"name":"\ud800"}', "utf-8"),
        (rb'{"name":"a\uDFFFb"}', "utf-8"),
        (rb'{"links":["https://a.example/\udc00\ud800"]}', "utf-8"),
        (rb'{"\ud800":1}', "utf-8"),
        (rb'{"name":{"a":["\uD83D"]}}', "utf-8"),
        (b'{"name":"\xed\xa0\x80"}', "utf-8"),
        (b'{"name":"+2AA-"}', "utf-7"),
        (r'{"name":"\ud800"}'.encode("utf-16"), "utf-16"),
    ],
)
def test_half_of_a_sign_is_refused_in_words(headers: dict[str, str], body: bytes, charset: str) -> None:
    answer = Client().generic("PATCH", ME, body, content_type=f"application/json; charset={charset}", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize("door", ["signup", "login", "refresh", "logout"])
@pytest.mark.parametrize("field", ["email", "password", "name", "code", "refresh"])
def test_half_of_a_sign_is_refused_at_every_door_of_signing_in(db: None, door: str, field: str) -> None:
    body = {"email": "q@howtoai.example", "password": "a long enough password"} | {field: "\ud800 long enough by far"}
    answer = Client().post(f"/api/auth/{door}", json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert "lone surrogate" in answer.json()["detail"]


@pytest.mark.parametrize("body", [rb'{"name":"\ud83d\ude00"}', '{"name":"😀"}'.encode(), rb'{"name":"\\ud83d"}'])
def test_whole_signs_are_read_however_they_are_written(headers: dict[str, str], body: bytes, learner: User) -> None:
    answer = Client().generic("PATCH", ME, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    learner.refresh_from_db()
    assert learner.name == json.loads(body)["name"]


def test_what_is_nested_too_deep_is_refused(headers: dict[str, str]) -> None:
    answer = Client().generic("PATCH", ME, b"[" * 100_000, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert "nested too deep" in answer.json()["detail"]
