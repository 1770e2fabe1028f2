"""A page that a person looked at is counted once, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from analytics import visits
from analytics.keeping_out import Tally
from billing.models import AccessGrant
from tests.analytics.browsers import CHROME, FIREFOX, GOOGLEBOT, IPHONE, browser
from tests.factories import make_tutorial, make_user
from tests.recording import Recorded
from tutorials.models import Tutorial

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept_out() -> None:
    Tally.counts.clear()
    Tally.tell_at = 0.0


def kept_out(recorded: Recorded) -> dict[str, int]:
    """What was told, and what waits to be."""
    told = dict(Tally.counts)
    for event in recorded.events("kept_out"):
        told[event.subject] = told.get(event.subject, 0) + event.properties["count"]
    return told


def test_a_visitor_is_counted(recorded: Recorded, tutorial: Tutorial) -> None:
    response = browser().get(f"/tutorials/{tutorial.slug}/?q=secret")
    assert response.status_code == 200
    (event,) = recorded.events()
    assert (event.name, event.subject, event.user_id) == ("page_view", f"/tutorials/{tutorial.slug}/", None)
    assert event.visitor is not None
    assert event.visitor < 0
    assert event.audience == ("visitor", "", "desktop", "Chrome", "Windows")
    assert (event.source, event.properties) == ("", {})
    assert b"secret" not in b"".join(recorded.lines())
    assert b"127.0.0.1" not in b"".join(recorded.lines())


def test_a_member_is_counted_with_their_tier_and_country(recorded: Recorded, learner: User) -> None:
    learner.profile.time_zone = "Europe/Berlin"
    learner.profile.save()
    browser(IPHONE, member=learner).get("/tutorials/")
    AccessGrant.objects.create(user=learner, reason="x")
    browser(IPHONE, member=learner).get("/tutorials/")
    first, second = recorded.events("page_view")
    assert first.user_id == learner.pk
    assert first.audience == ("free", "DE", "phone", "Safari", "iOS")
    assert second.audience.tier == "premium"


def test_a_visit_that_comes_in_tells_from_where(recorded: Recorded) -> None:
    client = browser()
    client.get("/", HTTP_REFERER="https://www.google.com/")
    client.get("/tutorials/", HTTP_REFERER="http://testserver/")
    client.get("/pricing/?utm_source=News&utm_medium=mail&utm_campaign=Spring&token=secret")
    assert [(event.source, event.properties) for event in recorded.events()] == [
        ("google.com", {}),
        ("", {}),
        ("news", {"medium": "mail", "campaign": "spring"}),
    ]


def test_one_browser_is_one_visitor(recorded: Recorded) -> None:
    for client in (browser(), browser(), browser(FIREFOX), browser(REMOTE_ADDR="192.0.2.9")):
        client.get("/")
    first, again, *others = (event.visitor for event in recorded.events())
    assert first == again
    assert len({first, *others}) == 3


def test_a_page_that_the_browser_has_already_is_counted(recorded: Recorded, tutorial: Tutorial) -> None:
    client = browser()
    etag = client.get(f"/tutorials/{tutorial.slug}/")["ETag"]
    assert client.get(f"/tutorials/{tutorial.slug}/", HTTP_IF_NONE_MATCH=etag).status_code == 304
    assert len(recorded.events("page_view")) == 2


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere/", "/tutorials/nowhere/", "/settings/profile/", "/robots.txt", "/tutorials/feed.atom"),
        *("/api/tutorials", "/healthz", "/admin/login/", "/tutorials", "/sitemap.xml"),
    ],
)
def test_what_is_no_page_is_not_counted(recorded: Recorded, path: str) -> None:
    browser().get(path)
    assert recorded.events() == []
    assert kept_out(recorded) == {}


@pytest.mark.parametrize("method", ["head", "post", "options"])
def test_only_what_is_got_is_looked_at(recorded: Recorded, method: str) -> None:
    getattr(browser(), method)("/tutorials/")
    assert recorded.events() == []


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ({"HTTP_HX_REQUEST": "true"}, 0),
        ({"HTTP_HX_REQUEST": "true", "HTTP_HX_BOOSTED": "true"}, 1),
        ({"HTTP_HX_REQUEST": "true", "HTTP_HX_HISTORY_RESTORE_REQUEST": "true"}, 1),
    ],
)
def test_parts_of_a_page_are_no_pages(recorded: Recorded, headers: dict[str, str], number: int) -> None:
    browser().get("/tutorials/", **headers)
    assert len(recorded.events("page_view")) == number


@pytest.mark.parametrize(
    ("reason", "headers"),
    [
        ("do_not_track", {"HTTP_DNT": "1"}),
        ("global_privacy_control", {"HTTP_SEC_GPC": "1"}),
        ("prefetch", {"HTTP_SEC_PURPOSE": "prefetch;prerender"}),
        ("prefetch", {"HTTP_PURPOSE": "prefetch"}),
        ("robot", {"HTTP_USER_AGENT": GOOGLEBOT}),
        ("robot", {"HTTP_USER_AGENT": ""}),
        ("monitoring", {"HTTP_USER_AGENT": "UptimeRobot/2.0"}),
    ],
)
def test_who_is_kept_out_is_only_counted_as_kept_out(recorded: Recorded, reason: str, headers: dict[str, str]) -> None:
    client = browser()
    for _ in range(3):
        client.get("/", **headers)
    assert recorded.events("page_view") == []
    assert kept_out(recorded) == {reason: 3}
    # One at once; the others wait, and are told together.
    (told,) = recorded.events("kept_out")
    assert (told.subject, told.properties, told.visitor, told.user_id) == (reason, {"count": 1}, None, None)
    assert told.audience == ("", "", "", "", "")


@pytest.mark.parametrize("value", ["0", "", "null", "unspecified"])
def test_who_does_not_refuse_is_counted(recorded: Recorded, value: str) -> None:
    browser().get("/", HTTP_DNT=value, HTTP_SEC_GPC=value)
    assert len(recorded.events("page_view")) == 1


@pytest.mark.parametrize("role", ["author", "moderator", "administrator"])
def test_staff_are_kept_out(recorded: Recorded, role: str) -> None:
    browser(member=make_user(role=role)).get("/tutorials/")
    assert recorded.events("page_view") == []
    assert kept_out(recorded) == {"staff": 1}


def test_a_member_with_a_program_of_their_own_is_a_person(recorded: Recorded, learner: User) -> None:
    browser("SomeApp/1.0", member=learner).get("/tutorials/")
    (event,) = recorded.events("page_view")
    assert event.audience.device == "program"


def test_what_a_page_causes_has_its_visitor(
    recorded: Recorded, learner: User, tutorial: Tutorial, django_capture_on_commit_callbacks: Any
) -> None:
    client = browser(member=learner)
    with django_capture_on_commit_callbacks(execute=True):
        client.get("/tutorials/", {"q": "prompting"})
        client.post(f"/tutorials/{tutorial.slug}/bookmark/", {"block": ""})
    _, found, marked = recorded.events()
    assert (found.name, found.subject) == ("feature", "search")
    assert (marked.name, marked.subject, marked.user_id) == ("feature", "bookmark", learner.pk)
    assert found.visitor == marked.visitor is not None
    assert "prompting" not in str(found.properties)
    assert visits.current.get() is None


def test_what_staff_cause_is_not_counted(recorded: Recorded, admin: User, tutorial: Tutorial) -> None:
    browser(member=admin).get("/tutorials/", {"q": "prompting"})
    assert recorded.events("feature") == []


def test_a_fault_in_counting_breaks_no_page(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("no source")

    monkeypatch.setattr("analytics.middleware.source_of", fail)
    assert browser().get("/").status_code == 200
    assert "a page view was not counted" in caplog.text


@pytest.mark.parametrize("who", ["visitor", "member", "premium", "staff"])
def test_counting_asks_the_database_nothing(
    recorded: Recorded, settings: Settings, learner: User, admin: User, tutorial: Tutorial, who: str
) -> None:
    make_tutorial("Paid for", access="premium")
    if who == "premium":
        AccessGrant.objects.create(user=learner, reason="x")
    member = {"visitor": None, "member": learner, "premium": learner, "staff": admin}[who]
    middleware = settings.MIDDLEWARE

    def queries(*, counted: bool) -> list[int]:
        settings.MIDDLEWARE = [name for name in middleware if counted or "analytics" not in name]
        client = browser(CHROME, member=member)
        numbers = []
        for path in (
            "/",
            "/tutorials/",
            f"/tutorials/{tutorial.slug}/",
            "/tutorials/paid-for/",
            "/community/",
            "/pricing/",
        ):
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            numbers.append(len(captured))
        return numbers

    assert queries(counted=True) == queries(counted=False)
