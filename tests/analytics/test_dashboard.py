"""The pages of figures in the admin."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from analytics.admin.dashboard import PAGES
from analytics.models import DailyCount, Funnel, Goal, MemberDay, MemberSummary, Note
from analytics.models.counts import EVERYBODY, Dimension
from tests.factories import make_topic

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
YESTERDAY = TODAY - timedelta(days=1)


def count(dimension: Dimension, key: str = "", *, day: date = YESTERDAY, **measures: int) -> None:
    DailyCount.objects.create(dimension=dimension, key=key, segment=EVERYBODY, day=day, **measures)


def sign_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def staff(admin: User) -> Client:
    return sign_in(admin)


def text_of(client: Client, name: str, **query: str) -> str:
    response = client.get(f"/admin/analytics/figures/{name}/", query)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_that_there_is_nothing_yet(staff: Client, name: str) -> None:
    assert "Nothing yet." in text_of(staff, name)


def test_the_first_page_is_that_of_visitors(staff: Client) -> None:
    count(Dimension.SITE, visitors=7, visits=9, events=21, bounces=3, seconds=900)
    count(Dimension.SITE, "anonymous", visitors=7)
    count(Dimension.SOURCE, "news.example", visitors=4, visits=5)
    count(Dimension.SOURCE, "", visitors=3, visits=4)
    Note.objects.create(day=YESTERDAY, text="A newspaper wrote about us")
    page = staff.get("/admin/analytics/figures/").content.decode()
    for expected in ("news.example", "Directly, or unknown", "A newspaper wrote about us", "33.3 %", "1 min 40 s"):
        assert expected in page


@pytest.mark.parametrize("name", PAGES)
def test_every_table_is_to_be_had_as_a_file(staff: Client, name: str) -> None:
    for section in PAGES[name].sections:
        response = staff.get(f"/admin/analytics/figures/{name}/{section.name}.csv")
        assert response.status_code == 200
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))  # type: ignore[attr-defined]


def test_a_source_that_is_a_formula_is_none_in_a_file(staff: Client) -> None:
    count(Dimension.SOURCE, "=cmd()", visits=1)
    response: Any = staff.get("/admin/analytics/figures/visitors/sources.csv")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows[1][0] == "'=cmd()"


def test_markup_in_what_was_counted_is_text(staff: Client) -> None:
    count(Dimension.CAMPAIGN, "<script>alert(1)</script>", visits=1)
    page = text_of(staff, "visitors")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_funnel_and_the_goals_are_shown(staff: Client) -> None:
    funnel = Funnel.objects.create(
        name="To Premium",
        steps=[{"event": "page_view", "subject": "/pricing/"}, {"event": "subscription", "subject": "started"}],
    )
    goal = Goal.objects.create(name="Looked at the prices", event="page_view", subject="/pricing/")
    count(Dimension.FUNNEL, f"{funnel.pk}|1", visitors=40)
    count(Dimension.FUNNEL, f"{funnel.pk}|2", visitors=4)
    count(Dimension.GOAL, f"{goal.pk}|news.example", events=3, visitors=3, visits=3)
    count(Dimension.SITE, visits=12)
    page = text_of(staff, "goals", of=f"funnel:{funnel.pk}")
    for expected in ("Funnel: To Premium", "10.0 %", "Looked at the prices", "25.0 %", "news.example"):
        assert expected in page
    # What is none is answered with the first.
    assert "Funnel: To Premium" in text_of(staff, "goals", of="funnel:99999999999999999999")
    assert "Funnel: To Premium" in text_of(staff, "goals", of="²")


def test_goals_funnels_and_lists_stand_beside_the_days_before(staff: Client) -> None:
    funnel = Funnel.objects.create(name="In", steps=[{"event": "page_view", "subject": "/"}] * 2)
    goal = Goal.objects.create(name="Looked at the prices", event="page_view", subject="/pricing/")
    former = TODAY - timedelta(days=31)
    count(Dimension.FUNNEL, f"{funnel.pk}|1", visitors=30)
    count(Dimension.FUNNEL, f"{funnel.pk}|1", visitors=20, day=former)
    count(Dimension.GOAL, f"{goal.pk}|", visits=4)
    count(Dimension.GOAL, f"{goal.pk}|", visits=8, day=former)
    count(Dimension.SOURCE, "news.example", visits=5)
    count(Dimension.SOURCE, "news.example", visits=4, day=former)
    count(Dimension.SOURCE, "new.example", visits=1)
    assert ["1. /", "30", "1", "1", "20", "0.5"] in rows_of(staff, "goals/funnel")
    assert ["Looked at the prices", "0", "4", "-0.5"] in [row[:4] for row in rows_of(staff, "goals/goals")]
    changes = {row[0]: row[-1] for row in rows_of(staff, "visitors/sources")}
    assert changes == {"Source": "Change", "news.example": "0.25", "new.example": ""}
    page = text_of(staff, "visitors")
    assert "+25 %" in page
    assert f"{former:%B %Y}" in page


@pytest.mark.parametrize("name", PAGES)
def test_days_before_are_named_only_where_figures_stand_beside_theirs(staff: Client, name: str) -> None:
    said = "changes are against" in text_of(staff, name)
    assert said == (name != "journeys")


def test_how_far_a_page_is_seen_stands_in_the_list_of_pages(staff: Client) -> None:
    count(Dimension.PAGE, "/tutorials/", events=9, visitors=9)
    count(Dimension.PAGE, "/quiet/", events=2, visitors=2)
    count(Dimension.SCROLL, "/tutorials/", events=4, amount=250)
    seen = {row[0]: row[-1] for row in rows_of(staff, "visitors/pages")}
    assert seen == {"Page": "Seen to", "/tutorials/": "0.625", "/quiet/": ""}


def test_what_a_filter_does_not_narrow_says_so(staff: Client) -> None:
    count(Dimension.KEPT_OUT, "robot", events=3)
    assert "do not narrow this" not in text_of(staff, "visitors")
    page = text_of(staff, "visitors", device="phone")
    assert "Of everybody: tier, device and country do not narrow this." in page
    assert "By tier, device and country of all pages together only." in page
    # They are still told.
    assert ["A program", "3"] in rows_of(staff, "visitors/not-counted", device="phone")
    topic = make_topic("Prompting")
    assert "The topic narrows pages and tutorials, and nothing else." in text_of(staff, "members", topic=topic.slug)


def rows_of(client: Client, table: str, **query: str) -> list[list[str]]:
    response: Any = client.get(f"/admin/analytics/figures/{table}.csv", query)
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_members_who_come_back_stand_in_the_row_of_their_week(staff: Client, learner: User) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday() + 14)
    MemberSummary.objects.create(user=learner, first_seen=monday)
    for day in (monday, monday + timedelta(days=8)):
        MemberDay.objects.create(day=day, user=learner, segment=1, views=1)
    response: Any = staff.get("/admin/analytics/figures/members/cohorts.csv")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows[1][:4] == [monday.isoformat(), "1", "1", "0"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"first": "2026-13-01"}, "valid date"),
        ({"first": "2026-02-01", "last": "2026-01-01"}, "The last day is before the first."),
        ({"first": "2001-01-01"}, "at most 731 days"),
        ({"last": "2999-01-01"}, "That day has not come yet."),
        ({"tier": "gold"}, "Select a valid choice"),
        ({"topic": "no-such"}, "Select a valid choice"),
    ],
)
def test_what_there_is_not_is_said_on_the_page_and_refused_for_a_file(
    staff: Client, query: dict[str, str], said: str
) -> None:
    assert said in text_of(staff, "visitors", **query)
    assert staff.get("/admin/analytics/figures/visitors/pages.csv", query).status_code == 400


def test_pages_and_tables_that_there_are_not(staff: Client) -> None:
    assert staff.get("/admin/analytics/figures/money/").status_code == 404
    assert staff.get("/admin/analytics/figures/visitors/money.csv").status_code == 404


def test_only_those_with_the_right_see_them(author: User, moderator: User, learner: User) -> None:
    for person in (author, moderator):
        assert sign_in(person).get("/admin/analytics/figures/").status_code == 403
    assert sign_in(learner).get("/admin/analytics/figures/").status_code in (302, 403)
    assert Client().get("/admin/analytics/figures/visitors/pages.csv").status_code == 302


@pytest.mark.parametrize("name", PAGES)
def test_twice_as_many_rows_take_as_many_queries(staff: Client, name: str) -> None:
    dimensions = [
        Dimension.SITE,
        Dimension.PAGE,
        Dimension.SOURCE,
        Dimension.ENGAGEMENT,
        Dimension.STEP,
        Dimension.GOAL,
    ]

    def fill(part: str) -> None:
        for dimension in dimensions:
            for number in range(3):
                count(dimension, f"/{part}{number}/|x", events=1, visits=1)
                count(Dimension.TUTORIAL_STARTED, f"{part}{number}{dimension}", visitors=1)
        Goal.objects.create(name=part, event="page_view")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            text_of(staff, name)
        return len(captured)

    fill("a")
    queries()
    few = queries()
    fill("b")
    assert queries() == few


def test_a_day_is_shown_by_the_hour_and_a_year_by_the_week(staff: Client) -> None:
    assert "Visitors each hour" in text_of(staff, "visitors", first=TODAY.isoformat(), last=TODAY.isoformat())
    year = text_of(staff, "visitors", first=(TODAY - timedelta(days=364)).isoformat())
    assert "a day in each week" in year
