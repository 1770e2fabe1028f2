"""What the reports say of events that were made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics import reports
from analytics.events import AudienceOf
from analytics.models import Funnel, Goal
from analytics.models.counts import Dimension
from analytics.reports import View
from analytics.services.rolling_up import roll_up
from analytics.subjects import topics
from community.models import Post
from tests.analytics.happenings import DAY, HOUR, MINUTE, NOON, an_event, come_in
from tests.community.members import make_category, make_post
from tests.factories import make_topic, make_tutorial, make_user

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
PHONE = AudienceOf("visitor", "DE", "phone", "Safari", "iOS")
NOW = NOON + 12 * HOUR


def of_days(first: int = 0, last: int = 0, **filters: str) -> View:
    """From and to so many days before today."""
    return View(TODAY - first * DAY, TODAY - last * DAY, **filters)


def counted(*events: Any) -> None:
    come_in(*events)
    roll_up(NOW)


# -- The view -----------------------------------------------------------------------------------


def test_the_period_before_is_as_long_and_of_the_same() -> None:
    view = View(date(2026, 11, 1), date(2026, 11, 7), tier="free", topic="prompting")
    assert view.before() == View(date(2026, 10, 25), date(2026, 10, 31), tier="free", topic="prompting")
    assert View(TODAY, TODAY).before() == View(TODAY - DAY, TODAY - DAY)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"last": date(2026, 10, 31)}, "last"),
        ({"last": date(2028, 11, 2)}, "last"),
        ({"tier": "gold"}, "tier"),
        ({"device": "fridge"}, "device"),
        ({"country": "de"}, "country"),
        ({"country": "DEU"}, "country"),
        ({"topic": "nothing"}, "topic"),
    ],
)
def test_a_view_that_cannot_be_is_refused_by_field(asked: dict[str, Any], field: str) -> None:
    first = date(2026, 11, 1)
    with pytest.raises(ValidationError) as refused:
        View(**{"first": first, "last": first} | asked).validate()
    assert list(refused.value.message_dict) == [field]


def test_a_view_that_can_be_is_taken() -> None:
    make_topic("Prompting")
    View(date(2026, 11, 1), date(2028, 10, 31), "premium", "DE", "phone", "prompting").validate()
    View(TODAY, TODAY).validate()


# -- How much -----------------------------------------------------------------------------------


def test_visitors_of_several_days_are_members_once_and_each_days_anonymous_ones() -> None:
    counted(
        *(an_event(user_id=7, at=NOON - number * DAY) for number in range(3)),
        an_event(user_id=8),
        *(an_event(visitor=-1, at=NOON - number * DAY, source="example.org") for number in range(2)),
        an_event("page_left", visitor=-1, at=NOON + MINUTE, properties={"seconds": 30}),
    )
    found = reports.totals(of_days(2))
    assert (found.visitors, found.members, found.visits, found.views, found.bounces, found.seconds, found.events) == (
        *(4, 2, 6, 6, 5),
        *(30, 7),
    )
    assert reports.totals(of_days(0)).visitors == 3
    assert reports.totals(of_days(9, 5)) == reports.Totals(0, 0, 0, 0, 0, 0, 0)
    assert found.bounce_rate == 5 / 6
    assert reports.totals(of_days(9, 5)).bounce_rate is None


def test_parts_add_up_to_the_whole() -> None:
    counted(an_event(user_id=7), an_event(visitor=-1), an_event(visitor=-2, audience=PHONE))
    assert reports.totals(of_days(device="phone")).visitors == 1
    assert reports.totals(of_days(device="desktop")).visitors == 2
    assert reports.totals(of_days(device="desktop", tier="free")).visitors == 1
    assert reports.totals(of_days(country="DE")).views == 1
    assert reports.totals(of_days(country="FR")).views == 0
    assert [day.counts.visitors for day in reports.by_day(of_days(1, tier="visitor"))] == [0, 2]


def test_days_and_hours_without_anything_are_there_too() -> None:
    counted(an_event(visitor=-1), an_event(visitor=-1, at=NOON - 2 * DAY))
    days = reports.by_day(of_days(2))
    assert [(day.day, day.counts.events) for day in days] == [(TODAY - n * DAY, (1, 0, 1)[n]) for n in (2, 1, 0)]
    hours = reports.by_hour(of_days(0), Dimension.PAGE, "/")
    assert [hour.hour for hour in hours if hour.counts.events] == [NOON]
    assert len(hours) == 24
    with pytest.raises(ValidationError, match="by day only"):
        reports.by_hour(of_days(0), Dimension.COUNTRY)
    with pytest.raises(ValidationError, match="everybody only"):
        reports.by_hour(of_days(0, device="phone"), Dimension.PAGE)
    assert len(reports.by_hour(of_days(0, device="phone"), Dimension.SOURCE, "")) == 24
    with pytest.raises(ValidationError, match="31 days"):
        reports.by_hour(of_days(31))


def test_top_pages_by_what_is_asked_for() -> None:
    tutorial = make_tutorial("Prompting that works")
    counted(
        *(an_event(visitor=-1, subject="/a/", at=NOON + number * MINUTE) for number in range(3)),
        *(an_event(visitor=-number, subject=f"/tutorials/{tutorial.slug}/") for number in (2, 3)),
    )
    assert [(top.key, top.title, top.counts.events) for top in reports.top(of_days(), Dimension.PAGE)] == [
        ("/a/", "", 3),
        ("/tutorials/prompting-that-works/", "Prompting that works", 2),
    ]
    assert reports.top(of_days(), Dimension.PAGE, order="visitors", limit=1)[0].counts.visitors == 2
    assert [top.key for top in reports.top(of_days(), Dimension.PAGE, search="TUTORIALS")] == [
        "/tutorials/prompting-that-works/"
    ]
    with pytest.raises(ValidationError):
        reports.top(of_days(), Dimension.PAGE, order="hearts")


def test_a_topic_narrows_pages_and_tutorials() -> None:
    make_tutorial("Inside", topic=make_topic("Prompting"))
    make_tutorial("Outside", topic=make_topic("Agents"))
    category = make_category("prompting")
    post: Post = make_post(category=category, title="How do I ask?")
    inside = [
        "/tutorials/inside/",
        "/tutorials/inside/quiz/",
        f"/community/posts/{post.pk}/",
        "/community/c/prompting/",
    ]
    counted(
        *(
            an_event(visitor=-1, subject=path, at=NOON + number * MINUTE)
            for number, path in enumerate([*inside, "/tutorials/outside/", "/", "/community/posts/999999/"])
        ),
        an_event("tutorial_progress", "inside", user_id=7, properties={"fraction": 0.5, "started": True}),
        an_event("tutorial_progress", "outside", user_id=7, properties={"fraction": 0.5, "started": True}),
        an_event("engagement", "comment", user_id=7, properties={"category": "prompting"}),
        an_event("engagement", "like", user_id=7),
    )
    view = of_days(topic="prompting")
    view.validate()
    pages = {top.key: top.title for top in reports.top(view, Dimension.PAGE)}
    assert pages == {inside[0]: "Inside", inside[1]: "", inside[2]: "How do I ask?", inside[3]: ""}
    assert reports.totals(view).views == 4
    assert [tutorial.slug for tutorial in reports.tutorials(view)] == ["inside"]
    assert [(deed.deed, deed.category) for deed in reports.engagement(view)] == [("comment", "prompting")]
    assert len(reports.engagement(of_days())) == 2
    assert {"prompting", "agents"} <= {topic.slug for topic in topics()}


def test_live_is_what_happened_in_the_last_five_minutes() -> None:
    come_in(
        an_event(visitor=-1, subject="/a/", at=NOON - 4 * MINUTE),
        an_event(visitor=-2, subject="/a/", at=NOON - MINUTE),
        an_event(user_id=7, subject="/b/", at=NOON),
        an_event("feature", "search", user_id=7, at=NOON),
        an_event(visitor=-3, subject="/a/", at=NOON - 6 * MINUTE),
        an_event("kept_out", "robot", at=NOON),
    )
    found = reports.live(NOON)
    assert (found.visitors, found.members, found.views, found.events) == (3, 1, 3, 4)
    assert [(page.key, page.counts.events, page.counts.visitors) for page in found.pages] == [
        ("/a/", 2, 2),
        ("/b/", 1, 1),
    ]
    assert reports.live(NOON + DAY) == reports.Live(0, 0, 0, 0, [])


# -- Members ------------------------------------------------------------------------------------


def test_active_members_of_a_day_of_seven_and_of_thirty() -> None:
    counted(
        an_event(user_id=1),
        an_event(user_id=2, at=NOON - 3 * DAY),
        an_event(user_id=3, at=NOON - 20 * DAY),
        an_event(user_id=4, at=NOON - 40 * DAY),
    )
    today = reports.members(of_days())[0]
    assert (today.of_day, today.of_week, today.of_month) == (1, 2, 3)
    filtered = reports.members(of_days(tier="premium"))[0]
    assert (filtered.of_day, filtered.of_month) == (0, 0)


def test_cohorts_by_the_week_of_the_first_day() -> None:
    monday = TODAY  # the 2nd of November 2026
    assert monday.weekday() == 0
    counted(
        *(an_event(user_id=1, at=NOON - weeks * 7 * DAY) for weeks in (0, 1, 3)),
        an_event(user_id=2, at=NOON - 20 * DAY),
        an_event(user_id=3, at=NOON - 6 * DAY),
    )
    found = reports.cohorts(of_days(27), until=monday)
    assert [(cohort.week, cohort.size, cohort.returned) for cohort in found] == [
        (monday - 21 * DAY, 2, [2, 0, 1, 1]),
        (monday - 7 * DAY, 1, [1, 0]),
    ]
    assert reports.cohorts(of_days(27), until=monday, signed_up=True) == []


def test_conversion_from_signing_up_to_premium() -> None:
    def learner(number: int, source: str, *, days: int | None = None, premium: bool = False) -> list[Any]:
        events = [
            an_event(visitor=-number, at=NOON - 9 * DAY, source=source),
            an_event("sign_up", "", visitor=-number, user_id=number, at=NOON - 9 * DAY + MINUTE),
        ]
        if days is not None:
            at = NOON - 9 * DAY + MINUTE + days * DAY
            done = {"fraction": 1, "started": True}
            events.append(an_event("tutorial_progress", "first", user_id=number, at=at, properties=done))
        if premium:
            events.append(an_event("subscription", "started", user_id=number, at=NOON - 5 * DAY + MINUTE))
        return events

    counted(*learner(1, "a.example", days=2, premium=True), *learner(2, "a.example", days=4), *learner(3, ""))
    all_of_them, *by_source = reports.conversion(of_days(10))
    assert all_of_them == reports.Conversion("*", 3, 2, 2, 1, 3.0, 3.0, 4.0)
    assert by_source == [
        reports.Conversion("a.example", 2, 2, 2, 1, 3.0, 3.0, 4.0),
        reports.Conversion("", 1, 0, 0, 0, None, None, None),
    ]
    assert [row.signed_up for row in reports.conversion(of_days(5))] == [0]
    assert reports.conversion(of_days(10, country="DE"))[0].signed_up == 0
    assert reports.conversion(of_days(10, device="desktop"))[0].signed_up == 3


# -- Ways ---------------------------------------------------------------------------------------


def test_a_funnel_within_a_day_goes_in_order() -> None:
    steps = [
        {"event": "page_view", "subject": "/"},
        {"event": "page_view", "subject": "/pricing/*"},
        {"event": "sign_up"},
    ]
    funnel = Funnel.objects.create(name="In", steps=steps)
    counted(
        an_event(visitor=-1, subject="/"),
        an_event(visitor=-1, subject="/pricing/", at=NOON + MINUTE),
        an_event("sign_up", "", visitor=-1, user_id=7, at=NOON + 2 * MINUTE),
        an_event(visitor=-2, subject="/pricing/"),
        an_event(visitor=-2, subject="/", at=NOON + MINUTE),
        an_event(visitor=-3, subject="/"),
        an_event(visitor=-3, subject="/pricing/team/", at=NOON + 3 * HOUR),
    )
    found = reports.funnel(of_days(), funnel)
    assert [step.reached for step in found] == [3, 2, 1]
    assert [step.of_before for step in found] == [1, 2 / 3, 1 / 2]
    assert found[2].of_first == 1 / 3
    assert [step.reached for step in reports.funnel(of_days(2, 1), funnel)] == [0, 0, 0]
    assert reports.funnel(of_days(2, 1), funnel)[0].of_first is None


def test_a_funnel_over_days_follows_members_for_as_long_as_it_allows() -> None:
    steps = [{"event": "page_view", "subject": "/pricing/"}, {"event": "subscription", "subject": "started"}]
    funnel = Funnel.objects.create(name="Buy", steps=steps, days=3)
    counted(
        an_event(user_id=1, subject="/pricing/", at=NOON - 6 * DAY),
        an_event("subscription", "started", user_id=1, at=NOON - 4 * DAY),
        an_event(user_id=2, subject="/pricing/", at=NOON - 6 * DAY),
        an_event("subscription", "started", user_id=2, at=NOON - 3 * DAY),
        an_event(visitor=-1, subject="/pricing/", at=NOON - 6 * DAY),
    )
    assert [step.reached for step in reports.funnel(of_days(9), funnel)] == [2, 1]
    # What comes in late for a later day belongs to the day on which they began.
    counted(an_event("subscription", "started", user_id=2, at=NOON - 5 * DAY))
    assert [step.reached for step in reports.funnel(of_days(6, 6), funnel)] == [2, 2]


def test_goals_with_their_sources_and_pages_before() -> None:
    goal = Goal.objects.create(name="Search", event="feature", subject="search")
    unreached = Goal.objects.create(name="Unreached", event="sign_up")
    counted(
        an_event(visitor=-1, subject="/", source="a.example"),
        an_event(visitor=-1, subject="/tutorials/", at=NOON + MINUTE),
        an_event("feature", "search", visitor=-1, at=NOON + 2 * MINUTE),
        an_event("feature", "search", visitor=-1, at=NOON + 3 * MINUTE),
        an_event("feature", "bookmark", visitor=-1, at=NOON + 3 * MINUTE),
        an_event(visitor=-2),
    )
    found, none = reports.goals(of_days())
    assert (found.goal, found.events, found.visitors, found.visits, found.rate) == (goal, 2, 1, 1, 0.5)
    assert [(top.key, top.counts.events) for top in found.sources] == [("a.example", 2)]
    assert [top.key for top in found.pages_before] == ["/tutorials/"]
    assert [top.key for top in found.entries] == ["/"]
    assert (none.goal, none.events, none.rate) == (unreached, 0, 0)


def test_journeys_from_and_to_a_page() -> None:
    counted(
        an_event(visitor=-1, subject="/"),
        an_event(visitor=-1, subject="/a|b/", at=NOON + MINUTE),
        an_event(visitor=-1, subject="/a|b/", at=NOON + 2 * MINUTE),
        an_event(visitor=-1, subject="/c/", at=NOON + 3 * MINUTE),
        an_event(visitor=-1, subject="/", at=NOON + 40 * MINUTE),
    )
    view = of_days()
    assert [(top.key, top.counts.events) for top in reports.steps_from(view, "/")] == [("/a%7Cb/", 1)]
    assert [top.key for top in reports.steps_from(view, "/a|b/")] == ["/c/"]
    assert [top.key for top in reports.steps_to(view, "/c/")] == ["/a%7Cb/"]
    assert reports.steps_from(view, "/c/") == []


# -- Everything else ----------------------------------------------------------------------------


def progress(who: int, minute: int = 0, *, days: int = 0, **properties: Any) -> Any:
    at = NOON - days * DAY + minute * MINUTE
    return an_event("tutorial_progress", "first", user_id=who, at=at, properties=properties)


def test_tutorials_with_their_rate_and_median_time() -> None:
    make_tutorial("First")
    counted(
        progress(1, fraction=0.5, seconds=100, started=True, block="begin"),
        progress(1, 5, before=0.5, fraction=1, seconds=200, total=300, block="end"),
        progress(2, fraction=0.2, seconds=50, started=True, block="begin"),
        progress(3, before=0.9, fraction=1, seconds=10, total=1000, block="end"),
    )
    (found,) = reports.tutorials(of_days())
    assert (found.slug, found.title, found.started, found.finished, found.seconds) == ("first", "First", 2, 2, 360)
    assert found.rate == 1
    assert found.median_seconds == pytest.approx(300, rel=0.05)


def test_the_funnel_of_a_tutorial() -> None:
    counted(
        progress(1, days=1, fraction=0.3, started=True, block="begin"),
        progress(1, before=0.3, fraction=1, block="end"),
        progress(2, fraction=0.35, started=True, block="begin"),
        progress(2, 1, before=0.35, fraction=0.35, block="begin"),
    )
    found = reports.tutorial(of_days(1), "first")
    assert found.tenths == {10: 2, 20: 2, 30: 2, **dict.fromkeys(range(40, 101, 10), 1)}
    assert [(block.block, block.reached) for block in found.blocks] == [("begin", 2), ("end", 1)]
    assert (found.figures.started, found.figures.finished) == (2, 1)
    nothing = reports.tutorial(of_days(1), "other")
    assert nothing.figures.started == nothing.tenths[10] == 0


def test_subscriptions_with_their_amounts() -> None:
    counted(
        *(
            an_event("subscription", "renewed", user_id=who, properties={"plan": "month", "amount": 1900})
            for who in (1, 2)
        ),
        an_event("subscription", "cancelled", user_id=3, properties={"plan": "year"}),
    )
    assert reports.subscriptions(of_days()) == [
        reports.SubscriptionNews("renewed", "month", 2, 3800),
        reports.SubscriptionNews("cancelled", "year", 1, 0),
    ]


def test_three_of_four_views_are_no_slower_than_what_vitals_say() -> None:
    def left(number: int, path: str = "/", **measured: Any) -> Any:
        return an_event("page_left", path, visitor=-number, at=NOON + number * MINUTE, properties=measured)

    counted(*(left(number, lcp=number * 100, inp=40, cls=0.05) for number in range(1, 9)), left(9, "/slow/", lcp=9000))
    everything, first, slow = reports.vitals(of_days())
    assert (everything.path, everything.views) == ("", 9)
    assert (first.path, first.views) == ("/", 8)
    assert first.lcp == pytest.approx(600, rel=0.05)
    assert first.inp == pytest.approx(40, rel=0.05)
    assert first.cls == pytest.approx(0.05, rel=0.05)
    assert (slow.path, slow.inp) == ("/slow/", None)
    assert slow.lcp == pytest.approx(9000, rel=0.05)


def test_how_far_a_view_went_counts_once_however_often_it_was_told() -> None:
    def seen(who: int, scroll: Any, minute: int, path: str = "/") -> Any:
        return an_event("page_left", path, visitor=-who, at=NOON + minute * MINUTE, properties={"scroll": scroll})

    counted(
        an_event(visitor=-1),
        seen(1, 0.2, 1),
        seen(1, 0.7, 2),
        # The same page once more is another view.
        an_event(visitor=-1, at=NOON + 3 * MINUTE),
        seen(1, 0.1, 4),
        seen(2, 7, 1),
        seen(3, "all of it", 1),
        seen(4, -1, 1),
        an_event("page_left", visitor=-5, properties={"seconds": 3}),
        seen(6, 0.5, 1, "/other/"),
    )
    found = reports.counts_of(of_days(), Dimension.SCROLL, ["/", "/other/", "/none/"])
    assert {path: (counts.events, counts.amount) for path, counts in found.items()} == {
        "/": (3, 70 + 10 + 100),
        "/other/": (1, 50),
    }
    assert reports.counts_of(of_days(device="phone"), Dimension.SCROLL, ["/"]) == {}


def test_what_was_kept_out_by_reason() -> None:
    counted(an_event("kept_out", "robot", properties={"count": 3}), an_event("kept_out", "staff"))
    assert reports.kept_out(of_days()) == [reports.KeptOut("robot", 3), reports.KeptOut("staff", 1)]
    # Nobody knows of which part they are, so a filter leaves them as they are.
    assert reports.kept_out(of_days(device="phone")) == reports.kept_out(of_days())


# -- What it costs ------------------------------------------------------------------------------

REPORTS: dict[str, tuple[int, Callable[[View], Any]]] = {
    "totals": (1, reports.totals),
    "by_day": (1, reports.by_day),
    "by_hour": (1, reports.by_hour),
    "top": (3, lambda view: reports.top(view, Dimension.PAGE)),
    "live": (3, lambda _: reports.live(NOON)),
    "members": (1, reports.members),
    "cohorts": (1, lambda view: reports.cohorts(view, until=view.last)),
    "conversion": (1, reports.conversion),
    "funnel": (1, lambda view: reports.funnel(view, Funnel.objects.all()[0])),
    "goals": (2, reports.goals),
    "steps_from": (3, lambda view: reports.steps_from(view, "/")),
    "steps_to": (3, lambda view: reports.steps_to(view, "/")),
    "tutorials": (4, reports.tutorials),
    "tutorial": (5, lambda view: reports.tutorial(view, "first")),
    "engagement": (1, reports.engagement),
    "subscriptions": (1, reports.subscriptions),
    "vitals": (3, reports.vitals),
    "kept_out": (1, reports.kept_out),
    "ways": (3, lambda view: reports.ways(view, event="page_view", subject="", steps=5)),
    "counts_of": (1, lambda view: reports.counts_of(view, Dimension.SCROLL, ["/"])),
}


def test_a_report_asks_no_more_however_much_there_is() -> None:
    make_user()
    Goal.objects.create(name="Prices", event="page_view", subject="/pricing/")
    steps = [{"event": "page_view", "subject": ""}] * 2
    Funnel.objects.create(name="In", steps=steps)
    seen = {}
    for size in (1, 30):
        counted(
            *(
                event
                for number in range(size)
                for event in (
                    an_event(user_id=number + 1, subject=f"/tutorials/{number}/"),
                    an_event(user_id=number + 1, subject=f"/community/posts/{number + 1}/", at=NOON + MINUTE),
                    progress(number + 1, fraction=1, started=True, total=9),
                )
            )
        )
        seen[size] = {name: statements(ask) for name, (_, ask) in REPORTS.items()}
    for name, (most, _) in REPORTS.items():
        assert seen[30][name] <= most + (name == "funnel"), name
        assert seen[30][name] - seen[1][name] <= 2, name


def statements(ask: Callable[[View], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        ask(of_days(5))
    return len(asked)


def test_unfiltered_figures_read_everybodys_counts_only() -> None:
    counted(an_event(visitor=-1))
    with CaptureQueriesContext(connection) as asked:
        reports.totals(of_days())
        reports.top(of_days(), Dimension.PAGE)
    assert all("segment = " in query["sql"] for query in asked if "dailycount" in query["sql"])
    assert not any("analytics_segment" in query["sql"] for query in asked)
