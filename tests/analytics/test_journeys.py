"""Ways of several steps through the pages of a visit: what the report says, and the page that shows it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from analytics import reports
from analytics.events import AudienceOf
from analytics.models import Journey
from analytics.reports import View, Way, journeys
from tests.analytics.happenings import DAY, HOUR, MINUTE, NOON, an_event, come_in

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
PHONE = AudienceOf("visitor", "", "phone", "Safari", "iOS")
JOURNEYS, PAGE = "/admin/analytics/journey/", "/admin/analytics/figures/journeys/"


def visit(who: int, *paths: str, at: Any = NOON, **fields: Any) -> list[Any]:
    """A page each minute."""
    return [
        an_event(visitor=-who, subject=path, at=at + number * MINUTE, **fields) for number, path in enumerate(paths)
    ]


def asked(view: View | None = None, *, event: str = "page_view", subject: str = "/", steps: int = 3) -> reports.Ways:
    return reports.ways(view or View(TODAY, TODAY), event=event, subject=subject, steps=steps)


def test_the_most_common_ways_on_and_to_each_visit_once() -> None:
    come_in(
        *visit(1, "/", "/pricing/", "/accounts/signup/", "/tutorials/"),
        *visit(2, "/", "/pricing/", "/accounts/signup/"),
        # The same page again is no step, and the way begins where it was first.
        *visit(3, "/tracks/", "/", "/", "/pricing/", "/"),
        *visit(4, "/search/", "/tutorials/"),
    )
    found = asked()
    assert found.visits == 3
    assert found.onward == [
        Way(("/", "/pricing/", "/accounts/signup/"), 2),
        Way(("/", "/pricing/", "/"), 1),
    ]
    assert found.before == [Way(("/",), 2), Way(("/tracks/", "/"), 1)]
    assert found.since is None
    to_signing_up = asked(subject="/accounts/*", steps=5)
    assert to_signing_up.before == [Way(("/", "/pricing/", "/accounts/signup/"), 2)]
    assert to_signing_up.onward == [
        Way(("/accounts/signup/",), 1),
        Way(("/accounts/signup/", "/tutorials/"), 1),
    ]


def test_a_way_to_an_event_ends_with_it() -> None:
    come_in(
        *visit(1, "/", "/accounts/signup/"),
        an_event("sign_up", "", visitor=-1, user_id=7, at=NOON + 3 * MINUTE),
        an_event("page_left", "/", visitor=-1, at=NOON + 2 * MINUTE),
        an_event(user_id=7, subject="/tutorials/", at=NOON + 4 * MINUTE),
    )
    found = asked(event="sign_up", subject="")
    # What came before signing in is theirs too, on that day.
    assert found.before == [Way(("/", "/accounts/signup/", "sign up"), 1)]
    assert found.onward == [Way(("sign up", "/tutorials/"), 1)]


def test_a_way_stays_within_a_visit_and_a_day() -> None:
    late = NOON + 12 * HOUR - MINUTE
    come_in(
        *visit(1, "/"),
        *visit(1, "/after-a-while/", at=NOON + 30 * MINUTE),
        an_event(user_id=7, subject="/", at=late),
        an_event(user_id=7, subject="/tomorrow/", at=late + 2 * MINUTE),
        *visit(3, "/", at=NOON - DAY),
    )
    assert asked(View(TODAY, TODAY + DAY)).onward == [Way(("/",), 2)]


def test_filters_narrow_the_ways_by_the_part_in_which_a_person_counts() -> None:
    come_in(
        *visit(1, "/", "/desk/"),
        *visit(2, "/", "/hand/", audience=PHONE),
        # The page knows no country, and the script does.
        an_event("page_left", "/hand/", visitor=-2, at=NOON + 2 * MINUTE, audience=PHONE._replace(country="DE")),
        an_event(user_id=7, subject="/"),
    )
    assert asked().visits == 3
    for filters, way in (
        ({"device": "phone"}, ("/", "/hand/")),
        ({"country": "DE"}, ("/", "/hand/")),
        ({"tier": "free"}, ("/",)),
        ({"tier": "visitor", "device": "desktop"}, ("/", "/desk/")),
    ):
        assert asked(View(TODAY, TODAY, **filters)).onward == [Way(way, 1)], filters
    assert asked(View(TODAY, TODAY, country="FR")).onward == []


def test_only_so_many_events_are_read_and_it_is_said_from_when_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journeys, "MOST_EVENTS", 3)
    come_in(*visit(1, "/", "/old/"), *visit(2, "/", "/new/", "/newer/", at=NOON + HOUR))
    found = asked()
    assert found.onward == [Way(("/", "/new/", "/newer/"), 1)]
    assert found.since == NOON + HOUR


def test_it_takes_as_many_queries_however_many_ways_there_are() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            asked()
        return len(captured)

    come_in(*visit(1, "/", "/a/"))
    few = queries()
    come_in(*(event for who in range(2, 30) for event in visit(who, "/", f"/{who}/", f"/{who}/b/")))
    assert queries() <= few


# -- In the admin ------------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def yesterday(*paths: str, who: int = 1, **fields: Any) -> None:
    noon = (timezone.now() - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    come_in(*visit(who, *paths, at=noon, **fields))


def text_of(desk: Client, **query: str) -> str:
    response = desk.get(PAGE, query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_journey_is_defined_in_the_admin_and_shown_among_the_figures(desk: Client) -> None:
    sent = {"name": "Around the prices", "event": "page_view", "subject": "/pricing/", "steps": "3"}
    assert desk.post(f"{JOURNEYS}add/", sent).status_code == 302
    journey = Journey.objects.get()
    yesterday("/x/", "/", "/tutorials/", "/pricing/", "/accounts/signup/")
    page = text_of(desk, of=f"journey:{journey.pk}")
    for expected in (
        "Ways to Around the prices",
        "/ → /tutorials/ → /pricing/",
        "/pricing/ → /accounts/signup/ → left",
        "Visits with it: 1. Ways of at most 3 steps.",
    ):
        assert expected in page
    longer = text_of(desk, of=f"journey:{journey.pk}", steps="5")
    assert "came → /x/ → / → /tutorials/ → /pricing/" in longer
    # Without a choice, and of one that there is not, it is the first.
    assert "Ways to Around the prices" in text_of(desk)
    assert "Ways to Around the prices" in text_of(desk, of="journey:999")
    assert 'value="/tracks/" selected' in text_of(desk, of="/tracks/")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"steps": "2"}, "A journey has 3 to 5 steps."),
        ({"steps": "6"}, "A journey has 3 to 5 steps."),
        ({"event": "subscription"}, "Select a valid choice"),
        ({"subject": "/*/x"}, "A * may stand at the end only"),
    ],
)
def test_a_journey_that_cannot_be_shown_is_refused_in_words(desk: Client, changed: dict[str, str], said: str) -> None:
    sent = {"name": "Wrong", "event": "page_view", "subject": "/pricing/", "steps": "3"} | changed
    assert said in desk.post(f"{JOURNEYS}add/", sent).content.decode()
    assert not Journey.objects.exists()


def test_a_journey_of_what_happens_without_a_visit_is_refused_whoever_makes_it() -> None:
    with pytest.raises(ValidationError, match="happens without a visit"):
        Journey(name="Paid", event="subscription", subject="renewed").full_clean()


def test_the_page_says_which_filters_narrow_what(desk: Client) -> None:
    yesterday("/", "/desk/")
    yesterday("/", "/hand/", who=2, audience=PHONE)
    assert "of everybody" not in text_of(desk, of="/").lower()
    page = text_of(desk, of="/", device="phone")
    assert "/ → /hand/ → left" in page
    assert "/ → /desk/" not in page
    assert page.count("Of everybody: tier, device and country do not narrow this.") == 2


def test_how_many_steps_is_kept_with_days_and_files_and_not_asked_elsewhere(desk: Client) -> None:
    yesterday("/", "/a/", "/b/", "/c/", "/d/")
    page = text_of(desk, of="/", steps="5")
    assert "&amp;of=%2F&amp;steps=5" in page
    assert 'name="steps"' not in desk.get("/admin/analytics/figures/goals/").content.decode()
    response: Any = desk.get(f"{PAGE}ways-from.csv", {"of": "/", "steps": "5"})
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows[1][0] == "/ → /a/ → /b/ → /c/ → /d/"
    assert desk.get(f"{PAGE}ways-from.csv", {"of": "/", "steps": "9"}).status_code == 400
