"""POST /api/analytics/events: what is right is taken, what is wrong is told, and nothing breaks it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.keys import KeyText
from accounts.models import ApiKey, LoginHistory, Session, User
from accounts.services import sessions
from analytics.api import events as door
from analytics.incoming import LARGEST_PROPERTIES
from analytics.keeping_out import Tally
from analytics.pipeline import stream
from analytics.pipeline.collecting import Collector
from common.identities import new_id, time_of_id
from tests.analytics.browsers import CHROME, GOOGLEBOT, IPHONE, browser
from tests.analytics.taken import Taken
from tests.collecting import collected_by
from tests.recording import Recorded
from tutorials.models import Tutorial

pytestmark = pytest.mark.django_db

PATH = "/api/analytics/events"
OURS = {"HTTP_SEC_FETCH_SITE": "same-origin"}


@pytest.fixture(autouse=True)
def nothing_kept_out() -> None:
    Tally.counts.clear()
    Tally.tell_at = 0.0


def left(**changes: Any) -> dict[str, Any]:
    """A page_left in which all is right, with changes; None takes a field away."""
    event: dict[str, Any] = {
        "id": str(new_id()),
        "name": "page_left",
        "path": "/tutorials/",
        "properties": {"seconds": 12.5},
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def used(**properties: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "name": "feature", "feature": "search", "properties": properties}


def id_of(seconds: float) -> str:
    """Of a time so many seconds from now."""
    return str(new_id(int((time.time() + seconds) * 1000)))


def send(client: Client, *events: Any, **meta: Any) -> Any:
    return post(client, json.dumps({"events": list(events)}), **meta)


def post(client: Client, body: str | bytes, *, content_type: str = "application/json", **meta: Any) -> Any:
    return client.post(PATH, body, content_type=content_type, **(OURS | meta))


def codes(response: Any) -> dict[int, set[tuple[str, str]]]:
    return {
        one["index"]: {(each["field"], each["code"]) for each in one["errors"]} for one in response.json()["rejected"]
    }


def is_problem(response: Any) -> bool:
    body = response.json()
    return bool(response["Content-Type"] == "application/problem+json" and body["status"] == response.status_code)


def test_the_most_that_a_page_view_may_say_is_no_more_than_any_event_may(taken: Taken) -> None:
    most = dict.fromkeys(("source", "medium", "campaign"), "🙂" * 200)
    event = left(name="page_view", properties=most)
    assert post(browser(IPHONE), json.dumps({"events": [event]})).json() == {"accepted": 1, "rejected": []}
    (kept,) = taken
    assert len(json.dumps(kept.properties, ensure_ascii=False).encode()) <= LARGEST_PROPERTIES


def test_what_a_page_of_ours_sends_is_taken(taken: Taken) -> None:
    event = left(
        properties={"seconds": 12.5, "scroll": 0.75, "lcp": 900, "inp": 40, "cls": 0.02, "time_zone": "Asia/Calcutta"}
    )
    response = post(browser(IPHONE), json.dumps({"events": [event]}), content_type="text/plain;charset=UTF-8")
    assert (response.status_code, response.json()) == (202, {"accepted": 1, "rejected": []})
    assert response["Cache-Control"] == "no-store"
    (kept,) = taken
    assert str(UUID(kept.id)) == event["id"]
    assert (kept.name, kept.subject, kept.user_id) == ("page_left", "/tutorials/", None)
    assert kept.visitor is not None
    # Of the time zone only the country is kept.
    assert kept.audience == ("visitor", "IN", "phone", "Safari", "iOS")
    assert kept.properties == {"seconds": 12.5, "scroll": 0.75, "lcp": 900, "inp": 40, "cls": 0.02}


def test_a_member_is_known_by_the_session_of_the_page(taken: Taken, learner: User) -> None:
    send(browser(member=learner), left())
    assert (taken[0].user_id, taken[0].audience.tier) == (learner.pk, "free")


def test_a_page_view_tells_where_it_came_from(taken: Taken) -> None:
    came = {"source": "News.Example", "medium": "Mail", "campaign": "a@b"}
    send(browser(), left(name="page_view", properties=came), left(name="page_view", properties=None))
    assert [(event.source, event.properties) for event in taken] == [("news.example", {"medium": "mail"}), ("", {})]


def test_paths_are_named_as_the_platform_names_them(taken: Taken, tutorial: Tutorial) -> None:
    paths = ("/u/lea-learner/", f"/tutorials/{tutorial.slug}/", "/tutorials/buy-my-pills/", "/community/posts/7/pills/")
    send(browser(), *(left(path=path) for path in paths))
    named = ["/u/<handle>/", f"/tutorials/{tutorial.slug}/", "/tutorials/<slug>/", "/community/posts/<pk>/"]
    assert [event.subject for event in taken] == named


def test_what_is_right_is_kept_where_others_are_wrong(taken: Taken) -> None:
    response = send(browser(), left(), left(name="sign_up"), used(), 7)
    assert response.status_code == 202
    assert response.json()["accepted"] == 2
    assert codes(response) == {1: {("name", "not_from_outside")}, 3: {("non_field_errors", "invalid")}}
    assert [event.name for event in taken] == ["page_left", "feature"]
    assert Tally.counts["invalid"] == 2 or Tally.tell_at > 0


def test_all_faults_of_an_event_are_told_at_once(taken: Taken) -> None:
    event = {
        "id": str(uuid4()),
        "name": "page_left",
        "path": "/nowhere/",
        "at": "yesterday",
        "user_id": 1,
        "properties": {"scroll": 2, "lcp": "fast", "colour": "red"},
    }
    assert codes(send(browser(), event))[0] == {
        ("id", "invalid"),
        ("path", "unknown_page"),
        ("at", "invalid"),
        ("user_id", "unknown"),
        ("properties.scroll", "out_of_range"),
        ("properties.lcp", "invalid"),
        ("properties.colour", "unknown"),
        ("properties.seconds", "required"),
    }
    assert len(taken) == 0


DEEP: Any = []
for _ in range(50):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("event", "field", "code"),
    [
        (left(id=""), "id", "invalid"),
        ({"name": "page_left", "path": "/", "properties": {"seconds": 1}}, "id", "required"),
        (left(id=7), "id", "invalid"),
        (left(id=str(uuid4())), "id", "invalid"),
        (left(id=str(new_id()).replace("-", "")), "id", "invalid"),
        (left(id=f"{{{new_id()}}}"), "id", "invalid"),
        (left(id=f" {new_id()}"), "id", "invalid"),
        (left(id=f"{new_id()}\n"), "id", "invalid"),
        (left(id="ffffffff-ffff-7fff-bfff-ffffffffffff"), "id", "in_future"),
        (left(id="00000000-0000-7000-8000-000000000000"), "id", "too_old"),
        (left(name=None), "name", "required"),
        (left(name=7), "name", "invalid"),
        (left(name="pageview"), "name", "invalid_choice"),
        (left(name=""), "name", "invalid_choice"),
        *(
            (left(name=name), "name", "not_from_outside")
            for name in ("tutorial_progress", "engagement", "subscription")
        ),
        (left(name="kept_out"), "name", "not_from_outside"),
        (left(path=None), "path", "required"),
        (left(path=["/"]), "path", "invalid"),
        (left(path="/nowhere/"), "path", "unknown_page"),
        (left(path="/tutorials/?q=secret"), "path", "unknown_page"),
        (left(path="/admin/"), "path", "unknown_page"),
        (left(path="https://evil.example/"), "path", "unknown_page"),
        (left(path="/\0/"), "path", "unknown_page"),
        (left(path="/\ud800/"), "path", "unknown_page"),
        (left(path="/" + "a" * 100_000 + "/"), "path", "unknown_page"),
        (left(feature="search"), "feature", "unknown"),
        (left(user_id=1), "user_id", "unknown"),
        (left(visitor=-1), "visitor", "unknown"),
        (left(source="x"), "source", "unknown"),
        (left(**{"\ud800": 1}), "?", "unknown"),
        (left(at=7), "at", "invalid"),
        (left(at="2026-11-30"), "at", "invalid"),
        (left(at="2026-11-30T12:00:00"), "at", "invalid"),
        (left(at="2020-01-01T00:00:00Z"), "at", "mismatch"),
        (left(at="0001-01-01T00:00:00+23:59"), "at", "mismatch"),
        (left(at="9999-12-31T23:59:59-23:59"), "at", "mismatch"),
        (left(properties=[]), "properties", "invalid"),
        (left(properties="x"), "properties", "invalid"),
        (left(properties={"seconds": 1, **{f"p{n}": n for n in range(20)}}), "properties", "too_many"),
        *(
            (left(properties={"seconds": wrong}), "properties.seconds", "out_of_range")
            for wrong in (-1, 3601, 10**300, 1e999)
        ),
        *((left(properties={"seconds": wrong}), "properties.seconds", "invalid") for wrong in ("1", True, None, [1])),
        (left(properties={"seconds": 1, "scroll": 1.01}), "properties.scroll", "out_of_range"),
        (left(properties={"seconds": 1, "time_zone": 1}), "properties.time_zone", "invalid"),
        (used() | {"feature": "made_up"}, "feature", "unknown_feature"),
        (used() | {"feature": None}, "feature", "required"),
        (used() | {"feature": ["search"]}, "feature", "invalid"),
        (used() | {"path": "/"}, "path", "unknown"),
        (used(nested={"a": 1}), "properties.nested", "nested"),
        (used(nested=DEEP), "properties.nested", "nested"),
        (used(text="x" * 201), "properties.text", "too_long"),
        (used(text="a\0b"), "properties.text", "invalid"),
        (used(text="a\ud800b"), "properties.text", "invalid"),
        (used(number=10**300), "properties.number", "out_of_range"),
        (used(number=1e999), "properties.number", "out_of_range"),
        (used(**{f"p{n}": "x" * 200 for n in range(12)}), "properties", "too_large"),
        (used(**{f"p{n}": "ü" * 100 for n in range(12)}), "properties", "too_large"),
        *(
            (used(**{name: 1}), f"properties.{shown}", "invalid_name")
            for name, shown in (
                ("", ""),
                ("A", "A"),
                ("a b", "a b"),
                ("a\0", "a?"),
                ("\ud800", "?"),
                ("a" * 41, "a" * 40),
            )
        ),
        (None, "non_field_errors", "invalid"),
        ("page_left", "non_field_errors", "invalid"),
        ([], "non_field_errors", "invalid"),
    ],
)
def test_a_fault_is_told_by_field_and_the_rest_is_kept(taken: Taken, event: Any, field: str, code: str) -> None:
    # Infinite numbers are written as numbers so large that they are read as such.
    body = json.dumps({"events": [event, left()]}).replace("Infinity", "1e999")
    response = post(browser(), body)
    assert response.status_code == 202
    assert (field, code) in codes(response)[0]
    assert response.json()["accepted"] == len(taken) == 1


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(4 * 60, None), (6 * 60, "in_future"), (-7 * 86400 + 60, None), (-7 * 86400 - 60, "too_old")],
)
def test_a_time_may_be_a_little_ahead_and_a_week_ago(taken: Taken, seconds: float, code: str | None) -> None:
    response = send(browser(), left(id=id_of(seconds)))
    assert codes(response) == ({0: {("id", code)}} if code else {})


def test_a_time_that_is_written_too_must_be_that_of_the_id(taken: Taken) -> None:
    identity = new_id()
    at = time_of_id(identity)
    right = [at.isoformat(), f"{at:%Y-%m-%dT%H:%M:%SZ}", at.astimezone(None).isoformat()]
    response = send(browser(), *(left(id=str(identity), at=text) for text in right))
    assert response.json()["accepted"] == 3
    assert [UUID(event.id) for event in taken] == [identity] * 3
    assert datetime.now(UTC) >= at


def test_an_id_that_comes_twice_is_taken_for_one(taken: Taken) -> None:
    event = left()
    assert send(browser(), event, event).json()["accepted"] == 2
    assert taken[0].id == taken[1].id


def test_five_hundred_are_taken_and_one_more_is_not(taken: Taken) -> None:
    assert send(browser(), *(left() for _ in range(500))).json() == {"accepted": 500, "rejected": []}
    response = send(browser(REMOTE_ADDR="192.0.2.1"), *(left() for _ in range(501)))
    assert response.status_code == 400
    assert is_problem(response)
    assert response.json()["errors"] == [{"field": "events", "code": "too_many", "detail": "Send 1 to 500 events."}]
    assert len(taken) == 500


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (" ", 400, "parse_error"),
        ("{", 400, "parse_error"),
        ("[" * 100_000, 400, "parse_error"),
        ('{"events": ' + "[" * 100_000 + "]" * 100_000 + "}", 400, "parse_error"),
        ('{"events": [{"id": NaN}]}', 400, "parse_error"),
        ('{"events": [' + "1" * 5000 + "]}", 400, "parse_error"),
        (b"\xff\xfe{\x00}\x00", 400, "parse_error"),
        (b'{"events": ["\xed\xa0\x80"]}', 400, "parse_error"),
        ("\ufeff{}", 400, "parse_error"),
        ("[]", 400, "invalid"),
        ("null", 400, "invalid"),
        ('"events"', 400, "invalid"),
        ("{}", 400, "invalid"),
        ('{"events": null}', 400, "invalid"),
        ('{"events": {}}', 400, "invalid"),
        ('{"events": []}', 400, "invalid"),
        ('{"events": [1], "user_id": 7}', 400, "invalid"),
        ('{"events": [1], "\\ud800": 7}', 400, "invalid"),
        ('{"events": [' + "1," * 1_000_000 + "1]}", 413, "content_too_large"),
        ('{"events": [' + "1," * 300_000 + "1]}", 413, "content_too_large"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(taken: Taken, body: str | bytes, status: int, code: str) -> None:
    response = post(browser(), body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert is_problem(response)
    assert len(taken) == 0


@pytest.mark.parametrize(
    "content_type", ["", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_forms_are_refused(taken: Taken, content_type: str) -> None:
    response = post(browser(), json.dumps({"events": [left()]}), content_type=content_type)
    assert response.status_code == 415
    assert is_problem(response)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(method: str) -> None:
    response = getattr(browser(), method)(PATH, **OURS)
    assert response.status_code == 405
    assert is_problem(response)


CROSS = [
    {"HTTP_SEC_FETCH_SITE": "cross-site"},
    {"HTTP_SEC_FETCH_SITE": "same-site"},
    {"HTTP_SEC_FETCH_SITE": "none"},
    {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://testserver"},
    {"HTTP_ORIGIN": "https://evil.example"},
    {"HTTP_ORIGIN": "https://testserver"},
    {"HTTP_ORIGIN": "http://testserver.evil.example"},
    {"HTTP_ORIGIN": "null"},
    {},
]


@pytest.mark.parametrize("headers", CROSS)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_other_sites_cannot_send_in_the_name_of_whoever_looks_at_them(
    taken: Taken, learner: User, headers: dict[str, Any], content_type: str
) -> None:
    client = browser(member=learner)
    response = client.post(PATH, json.dumps({"events": [left()]}), content_type=content_type, **headers)
    assert (response.status_code, response.json()["code"]) == (403, "cross_origin")
    assert len(taken) == 0


def test_an_old_browser_says_its_origin_only(taken: Taken) -> None:
    client = browser()
    client.post(PATH, json.dumps({"events": [left()]}), content_type="text/plain", HTTP_ORIGIN="http://testserver")
    assert len(taken) == 1


@pytest.fixture
def api_key(learner: User) -> Callable[..., str]:
    def make(*scopes: str, user: User = learner) -> str:
        text = KeyText.new()
        ApiKey.objects.create(user=user, name="x", prefix=text.prefix, hash=text.hash, scopes=list(scopes))
        return f"Api-Key {text.text}"

    return make


@pytest.mark.parametrize("scope", ["analytics:write", "write"])
def test_a_program_sends_with_a_key(taken: Taken, api_key: Callable[..., str], learner: User, scope: str) -> None:
    client = Client(HTTP_USER_AGENT="SomeApp/1.0")
    response = client.post(
        PATH, json.dumps({"events": [left()]}), content_type="application/json", HTTP_AUTHORIZATION=api_key(scope)
    )
    assert response.json() == {"accepted": 1, "rejected": []}
    assert (taken[0].user_id, taken[0].audience.device) == (learner.pk, "program")


@pytest.mark.parametrize("scope", ["analytics:read", "read", "tutorials:write"])
def test_a_key_without_the_scope_does_not_open_it(taken: Taken, api_key: Callable[..., str], scope: str) -> None:
    response = send(browser(), left(), HTTP_AUTHORIZATION=api_key(scope))
    assert (response.status_code, response.json()["code"]) == (403, "missing_scope")
    assert "analytics:write" in response.json()["detail"]
    assert len(taken) == 0


@pytest.mark.parametrize("shown", ["Api-Key nonsense", "Bearer nonsense", "Bearer", "Api-Key", "Bearer \xff"])
def test_a_key_or_token_that_is_not_valid_is_refused_even_from_our_pages(
    taken: Taken, learner: User, shown: str
) -> None:
    response = send(browser(member=learner), left(), HTTP_AUTHORIZATION=shown)
    assert response.status_code == 401
    assert is_problem(response)
    assert "Api-Key" in response["WWW-Authenticate"]
    assert len(taken) == 0


def test_a_token_says_who_somebody_is_and_cookies_then_say_nothing(taken: Taken, learner: User, stranger: User) -> None:
    session = Session.objects.create(user=learner, door="api", expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    token = sessions.issue_tokens(session).access
    send(browser(member=stranger), left(), HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_SEC_FETCH_SITE="cross-site")
    assert taken[0].user_id == learner.pk


def test_another_kind_of_authorization_hides_the_cookies(taken: Taken, learner: User) -> None:
    send(browser(member=learner), left(), HTTP_AUTHORIZATION="Basic eDp5")
    assert taken[0].user_id is None


@pytest.mark.parametrize(
    ("reason", "headers"),
    [
        ("do_not_track", {"HTTP_DNT": "1"}),
        ("global_privacy_control", {"HTTP_SEC_GPC": "1"}),
        ("robot", {"HTTP_USER_AGENT": GOOGLEBOT}),
        ("monitoring", {"HTTP_USER_AGENT": "kube-probe/1.29"}),
    ],
)
def test_who_is_kept_out_is_answered_as_others_and_nothing_is_kept(
    taken: Taken, recorded: Recorded, reason: str, headers: dict[str, Any]
) -> None:
    response = send(browser(), left(), left(name="x"), **headers)
    assert response.status_code == 202
    assert response.json()["accepted"] == 1
    assert len(taken) == 0
    told = {event.subject for event in recorded.events("kept_out")} | set(Tally.counts)
    assert told == {reason, "invalid"}


def test_staff_are_kept_out(taken: Taken, admin: User, api_key: Callable[..., str]) -> None:
    assert send(browser(member=admin), left()).json()["accepted"] == 1
    assert send(Client(), left(), HTTP_AUTHORIZATION=api_key("write", user=admin)).json()["accepted"] == 1
    assert len(taken) == 0


def test_a_key_does_not_override_the_refusal_to_be_counted(taken: Taken, api_key: Callable[..., str]) -> None:
    send(Client(), left(), HTTP_AUTHORIZATION=api_key("write"), HTTP_SEC_GPC="1")
    assert len(taken) == 0


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "OF_VISITOR", 10)
    monkeypatch.setattr(door, "OF_NETWORK", 25)
    monkeypatch.setattr(door, "OF_KEY", 15)


def batch(number: int) -> list[Any]:
    return [left() for _ in range(number)]


def test_a_visitor_may_send_so_many_events_a_minute_however_they_are_packed(taken: Taken, small_limits: None) -> None:
    client = browser()
    assert send(client, *batch(8)).status_code == 202
    # More than is left: nothing of it is counted, and fewer go through.
    refused = send(client, *batch(3))
    assert refused.status_code == 429
    assert is_problem(refused)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert [send(client, *batch(1)).status_code for _ in range(3)] == [202, 202, 429]
    assert len(taken) == 10


def test_wrong_events_count_as_well(taken: Taken, small_limits: None) -> None:
    client = browser()
    assert send(client, *([7] * 10)).status_code == 202
    assert send(client, left()).status_code == 429


def test_who_changes_the_name_of_the_browser_is_held_by_the_network(taken: Taken, small_limits: None) -> None:
    answers = [send(browser(f"{CHROME} {number}"), *batch(10)).status_code for number in range(4)]
    assert answers == [202, 202, 429, 429]
    assert send(browser(REMOTE_ADDR="192.0.2.9"), *batch(10)).status_code == 202


def test_who_invents_addresses_is_held_all_the_same(taken: Taken, small_limits: None, settings: Settings) -> None:
    settings.PROXY_COUNT = 0
    client = browser()
    answers = [send(client, *batch(10), HTTP_X_FORWARDED_FOR=f"198.51.100.{n}").status_code for n in range(2)]
    assert answers == [202, 429]


def test_a_key_has_a_limit_of_its_own(taken: Taken, small_limits: None, api_key: Callable[..., str]) -> None:
    key = api_key("write")
    answers = [send(Client(), *batch(10), HTTP_AUTHORIZATION=key).status_code for _ in range(2)]
    assert answers == [202, 429]
    assert send(browser(), *batch(10)).status_code == 202


def test_a_flood_is_counted(taken: Taken, recorded: Recorded, small_limits: None) -> None:
    send(browser(), *batch(11))
    (event,) = recorded.events("kept_out")
    assert (event.subject, event.properties) == ("limited", {"count": 11})


def test_what_cannot_be_kept_is_to_be_sent_again(tmp_path: Path, settings: Settings, stream_emptied: None) -> None:
    """Valkey and the database did not answer a moment ago, and where the spool would lie there is a file."""
    settings.ANALYTICS = True
    in_the_way = tmp_path / "events"
    in_the_way.touch()
    collector = Collector(in_the_way, ships=False)
    stream.patience.lose()
    collector.way.patience.lose()
    with collected_by(collector):
        response = send(browser(), left())
    assert response.status_code == 503
    assert is_problem(response)
    assert int(response["Retry-After"]) > 0


def test_what_is_refused_is_no_sign_in(taken: Taken, learner: User) -> None:
    """Beacons of a page whose session is over fill no history."""
    client = browser(member=learner)
    learner.sessions.all().end("logged_out")
    assert send(client, left()).status_code == 202
    assert taken[0].user_id is None
    assert not LoginHistory.objects.filter(event="refused_token").exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)
NAMES = st.sampled_from(["page_view", "page_left", "feature", "sign_up", "kept_out"])
LIKE_EVENTS = st.fixed_dictionaries(
    {"id": st.sampled_from([str(new_id()), str(uuid4())]) | JSON, "name": NAMES | JSON},
    optional={
        "path": st.sampled_from(["/", "/tutorials/x/", "/u/lea/"]) | JSON,
        "feature": st.sampled_from(["search"]) | JSON,
        "at": st.datetimes().map(str) | st.datetimes().map(lambda at: at.isoformat() + "Z") | JSON,
        "properties": st.dictionaries(st.sampled_from(["seconds", "scroll", "time_zone", "source", "x"]), JSON) | JSON,
        "user_id": JSON,
    },
)
BODIES = JSON | st.fixed_dictionaries({"events": st.lists(LIKE_EVENTS | JSON, max_size=6) | JSON})


@hypothesis_settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=BODIES)
def test_whatever_is_sent_is_answered(taken: Taken, monkeypatch: pytest.MonkeyPatch, sent: Any) -> None:
    """And what is taken can be kept."""
    monkeypatch.setattr(door, "OF_VISITOR", 10**6)
    monkeypatch.setattr(door, "OF_NETWORK", 10**6)
    before = len(taken)
    response = post(browser(), json.dumps(sent))
    assert response.status_code in (202, 400), response.content
    if response.status_code == 202:
        answer = response.json()
        assert answer["accepted"] + len(answer["rejected"]) == len(sent["events"])
        assert len(taken) - before == answer["accepted"]


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(min_size=1, max_size=300))
def test_whatever_bytes_are_sent_are_answered(body: bytes) -> None:
    assert post(browser(), body).status_code == 400
