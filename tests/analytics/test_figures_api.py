"""GET /api/analytics/summary and /series."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from analytics.services.rolling_up import roll_up
from tests.accounts.test_api_keys import make_key
from tests.analytics.happenings import HOUR, MINUTE, NOON, an_event, come_in

pytestmark = pytest.mark.django_db
DAYS = {"from": "2026-11-01", "to": "2026-11-02"}


@pytest.fixture
def some_visits(db: None) -> None:
    come_in(
        an_event(visitor=-1, subject="/pricing/", source="example.org"),
        an_event("page_left", visitor=-1, subject="/pricing/", at=NOON + MINUTE, properties={"seconds": 40}),
        an_event(user_id=1, subject="/", at=NOON + 2 * HOUR),
        an_event(visitor=-1, subject="/", at=NOON - timedelta(days=2)),
    )
    roll_up(NOON)


def get(client: Client, path: str, **asked: Any) -> Any:
    return client.get(f"/api/analytics/{path}", asked)


@pytest.fixture
def staff(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def test_the_summary_tells_totals_days_and_what_there_was_most_of(staff: Client, some_visits: None) -> None:
    found = get(staff, "summary", **DAYS).json()
    assert found["totals"] == {
        "visitors": 2,
        "members": 1,
        "visits": 2,
        "views": 2,
        "bounces": 1,
        "seconds": 40,
        "events": 3,
    }
    assert found["before"]["visitors"] == 1
    assert [day["views"] for day in found["days"]] == [0, 2]
    assert {page["key"]: page["views"] for page in found["pages"]} == {"/": 1, "/pricing/": 1}
    assert {source["key"]: source["visits"] for source in found["sources"]} == {"": 1, "example.org": 1}
    assert (found["from"], found["to"], found["time_zone"]) == ("2026-11-01", "2026-11-02", "UTC")


def test_a_series_by_day_and_by_hour(staff: Client, some_visits: None) -> None:
    days = get(staff, "series", metric="visits", **DAYS).json()
    assert days["points"] == [{"day": "2026-11-01", "value": 0}, {"day": "2026-11-02", "value": 2}]
    asked = {"from": "2026-11-02", "to": "2026-11-02", "interval": "hour", "dimension": "page", "key": "/"}
    hours = get(staff, "series", metric="events", **asked).json()
    assert len(hours["points"]) == 24
    assert [point for point in hours["points"] if point["value"]] == [{"at": "2026-11-02T14:00:00Z", "value": 1}]


def test_filters_narrow_it(staff: Client, some_visits: None) -> None:
    found = get(staff, "summary", tier="free", device="desktop", **DAYS).json()
    assert (found["totals"]["visitors"], found["totals"]["views"]) == (1, 1)
    assert get(staff, "summary", tier="premium", **DAYS).json()["totals"]["views"] == 0


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "2026-11-02", "to": "2026-11-01"}, "to"),
        ({"from": "2020-01-01", "to": "2026-11-01"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"tier": "gold"}, "tier"),
        ({"country": "Germany"}, "country"),
        ({"device": "fridge"}, "device"),
        ({"topic": "no-such-topic"}, "topic"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(staff: Client, asked: dict[str, str], field: str) -> None:
    for path in ("summary", "series"):
        response = get(staff, path, metric="visits", **asked)
        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "metric"),
        ({"metric": "hearts"}, "metric"),
        ({"metric": "visits", "dimension": "moods"}, "dimension"),
        ({"metric": "visits", "interval": "minute"}, "interval"),
        ({"metric": "visits", "dimension": "country", "interval": "hour"}, "dimension"),
        ({"metric": "visits", "interval": "hour", "from": "2026-01-01", "to": "2026-11-01"}, "to"),
    ],
)
def test_so_is_a_series_of_what_is_not_counted(staff: Client, asked: dict[str, str], field: str) -> None:
    response = get(staff, "series", **asked)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_others_get_nothing(visitor: Client, learner: User, moderator: User) -> None:
    assert get(visitor, "summary").status_code == 401
    for person in (learner, moderator):
        client = Client()
        client.force_login(person)
        assert get(client, "summary").status_code == get(client, "series").status_code == 403


@pytest.mark.parametrize(
    ("scope", "status"), [("analytics:read", 200), ("analytics:write", 200), ("read", 200), ("tutorials:read", 403)]
)
def test_a_key_of_staff_needs_the_scope(admin: User, visitor: Client, scope: str, status: int) -> None:
    text = make_key(admin, scopes=[scope]).text
    header = {"Authorization": f"Api-Key {text}"}
    assert visitor.get("/api/analytics/summary", headers=header).status_code == status


def test_a_key_of_a_learner_opens_nothing_here(learner: User, visitor: Client) -> None:
    text = make_key(learner, scopes=["analytics:read"]).text
    response = visitor.get("/api/analytics/summary", headers={"Authorization": f"Api-Key {text}"})
    assert response.status_code == 403
