"""What comes of events when they are counted."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import override_settings

from analytics.days import span_of
from analytics.events import AudienceOf
from analytics.models import DailyCount, DeadLetter, DirtyHour, Goal, HourlyCount, MemberDay, MemberSummary, Segment
from analytics.services import rolling_up
from analytics.services.retention import drop_months, forget_dead_letters, oldest_kept
from analytics.services.rolling_up import Busy, Gone, rebuild, roll_up
from common.database import only_one, own_connection
from tests.analytics.happenings import DAY, HOUR, MINUTE, MONTHS, NOON, an_event, come_in, mark_dirty
from tests.at_once import alone

pytestmark = pytest.mark.django_db
# Of a row that was written anew, or only locked, these differ.
VERSIONS = """
SELECT 'day', ctid::text, xmin::text, xmax::text FROM analytics_dailycount
UNION ALL SELECT 'hour', ctid::text, xmin::text, xmax::text FROM analytics_hourlycount
UNION ALL SELECT 'member', ctid::text, xmin::text, xmax::text FROM analytics_memberday
UNION ALL SELECT 'summary', ctid::text, xmin::text, xmax::text FROM analytics_membersummary
"""
MEASURES = ("events", "visitors", "visits", "bounces", "seconds", "amount")


def numbers(dimension: str, key: str = "", segment: int = 0, **only: Any) -> tuple[int, ...]:
    """Events, visitors, visits, bounces, seconds and amount of all days; nothing where there is no row."""
    rows = DailyCount.objects.filter(dimension=dimension, key=key, segment=segment, **only)
    return tuple(map(sum, zip(*rows.values_list(*MEASURES), strict=True)))


def keys_of(dimension: str) -> dict[str, int]:
    return dict(DailyCount.objects.filter(dimension=dimension, segment=0).values_list("key", "visitors"))


def test_views_visits_and_visitors_of_a_day() -> None:
    come_in(
        an_event(visitor=-1, subject="/", at=NOON, source="example.org"),
        an_event(visitor=-1, subject="/pricing/", at=NOON + 5 * MINUTE),
        an_event("page_left", visitor=-1, subject="/pricing/", at=NOON + 6 * MINUTE, properties={"seconds": 50}),
        an_event(visitor=-1, subject="/", at=NOON + 40 * MINUTE),
        an_event(visitor=-2, subject="/", at=NOON),
        an_event(user_id=7, subject="/", at=NOON),
    )
    done = roll_up(NOON)
    assert done.days == [NOON.date()]
    assert numbers("site") == (5, 3, 4, 3, 50, 6)
    assert numbers("site", "anonymous") == (4, 2, 3, 2, 50, 5)
    assert numbers("page", "/") == (4, 3, 4, 3, 0, 0)
    assert numbers("page", "/pricing/") == (1, 1, 1, 0, 50, 0)
    assert numbers("source", "example.org") == (2, 1, 1, 0, 50, 0)
    assert numbers("source") == (3, 3, 3, 3, 0, 0)
    assert numbers("step", "/|/pricing/") == (1, 1, 1, 0, 0, 0)
    assert numbers("members", "1") == numbers("members", "30") == (0, 1, 0, 0, 0, 0)
    assert MemberDay.objects.filter(user_id=7, day=NOON.date(), views=1).count() == 1
    assert HourlyCount.objects.get(dimension="site", segment=0, hour=NOON, key="").visits == 4
    assert not DirtyHour.objects.exists()


def test_whoever_signs_in_was_the_same_before() -> None:
    come_in(an_event(visitor=-1), an_event(visitor=-1, user_id=7, at=NOON + MINUTE), an_event(visitor=-2))
    roll_up(NOON)
    assert numbers("site")[:3] == (3, 2, 2)
    assert numbers("site", "anonymous")[:3] == (1, 1, 1)


def test_a_country_that_one_event_knows_is_that_of_all_of_the_day() -> None:
    german = AudienceOf("visitor", "DE", "desktop", "Firefox", "Linux")
    come_in(
        an_event(visitor=-1, subject="/pricing/"),
        an_event("page_left", "/pricing/", visitor=-1, at=NOON + MINUTE, audience=german, properties={"seconds": 1}),
        an_event(visitor=-2),
    )
    roll_up(NOON)
    segment = Segment.objects.get(tier="visitor", country="DE", device="desktop").pk
    assert numbers("page", "/pricing/", segment) == (1, 1, 1, 1, 1, 0)
    assert numbers("country", "DE")[:3] == (1, 1, 1)
    assert numbers("country", "")[:3] == (1, 1, 1)


def test_everybody_is_of_one_part_a_day_so_parts_add_up() -> None:
    phone = AudienceOf("premium", "", "phone", "Safari", "iOS")
    come_in(
        an_event(user_id=7),
        an_event(user_id=7, at=NOON + MINUTE, audience=phone),
        an_event(user_id=7, at=NOON + 2 * MINUTE, audience=phone),
    )
    roll_up(NOON)
    rows = DailyCount.objects.filter(dimension="site", key="").exclude(segment=0)
    assert [(Segment.objects.get(pk=row.segment).device, row.visitors, row.events) for row in rows] == [("phone", 1, 3)]
    assert Segment.objects.get(pk=rows[0].segment).tier == "premium"


def test_progress_in_a_tutorial_is_counted_once_for_each_tenth() -> None:
    def progress(minute: int, **properties: Any) -> Any:
        return an_event("tutorial_progress", "first", user_id=7, at=NOON + minute * MINUTE, properties=properties)

    come_in(
        progress(0, before=0, fraction=0.25, seconds=60, block="begin", started=True, total=60),
        progress(1, before=0.25, fraction=0.25, seconds=30, block="begin", total=90),
        progress(2, before=0.25, fraction=1, seconds=30, block="end", total=120),
    )
    roll_up(NOON)
    assert numbers("tutorial_started", "first")[:2] == (1, 1)
    assert numbers("tutorial_finished", "first")[:2] == (1, 1)
    assert numbers("tutorial_time", "first") == (3, 1, 1, 0, 120, 0)
    tenths = {f"first|#{tenth}": 1 for tenth in range(10, 101, 10)}
    assert keys_of("tutorial_block") == tenths | {"first|begin": 1, "first|end": 1}
    summary = MemberSummary.objects.get(user_id=7)
    assert summary.first_started_at == NOON
    assert summary.first_finished_at == NOON + 2 * MINUTE


def test_how_somebody_came_to_sign_up_is_kept_with_them() -> None:
    come_in(
        an_event(visitor=-1, subject="/tutorials/", source="news.example", properties={"campaign": "autumn"}),
        an_event("sign_up", "", visitor=-1, user_id=7, at=NOON + 5 * MINUTE),
        an_event("subscription", "started", user_id=7, at=NOON + 3 * DAY, properties={"plan": "year", "amount": 9900}),
    )
    roll_up(NOON)
    summary = MemberSummary.objects.get(user_id=7)
    assert (summary.source, summary.campaign, summary.entry) == ("news.example", "autumn", "/tutorials/")
    assert (summary.signed_up_at, summary.premium_at) == (NOON + 5 * MINUTE, NOON + 3 * DAY)
    assert summary.first_seen == NOON.date()
    assert numbers("sign_up", "news.example")[:2] == (1, 1)
    assert numbers("subscription", "started|year") == (1, 1, 0, 0, 0, 9900)
    # A provider's news bring nobody to the site.
    assert numbers("site")[:3] == (1, 1, 1)


def test_a_late_event_moves_the_first_time_back_and_never_on() -> None:
    come_in(an_event(user_id=7, at=NOON))
    roll_up(NOON)
    come_in(an_event(user_id=7, at=NOON - 2 * DAY), an_event(user_id=7, at=NOON + DAY))
    roll_up(NOON + DAY)
    assert MemberSummary.objects.get(user_id=7).first_seen == (NOON - 2 * DAY).date()


def test_members_of_the_last_thirty_days_are_counted_on_days_without_anybody_too() -> None:
    come_in(an_event(user_id=7, at=NOON), an_event(user_id=8, at=NOON + DAY))
    roll_up(NOON + 8 * DAY)
    found = {(row.day, row.key): row.visitors for row in DailyCount.objects.filter(dimension="members", segment=0)}
    assert found[NOON.date(), "7"] == 1
    assert found[(NOON + 6 * DAY).date(), "7"] == 2
    assert found[(NOON + 7 * DAY).date(), "7"] == 1
    assert found[(NOON + 8 * DAY).date(), "30"] == 2
    assert ((NOON + 8 * DAY).date(), "1") not in found
    roll_up(NOON + 9 * DAY)
    assert DailyCount.objects.get(dimension="members", segment=0, day=(NOON + 9 * DAY).date(), key="30").visitors == 2


def test_goals_are_counted_by_source_page_before_and_entry() -> None:
    goal = Goal.objects.create(name="Prices", event="page_view", subject="/pricing/*")
    come_in(
        an_event(visitor=-1, subject="/", source="example.org"),
        an_event(visitor=-1, subject="/tutorials/", at=NOON + MINUTE),
        an_event(visitor=-1, subject="/pricing/", at=NOON + 2 * MINUTE),
        an_event(visitor=-1, subject="/pricing/", at=NOON + 3 * MINUTE),
    )
    roll_up(NOON)
    assert numbers("goal", f"{goal.pk}|example.org")[:3] == (2, 1, 1)
    assert keys_of("goal_page") == {
        f"{goal.pk}|before|/tutorials/": 1,
        f"{goal.pk}|before|/pricing/": 1,
        f"{goal.pk}|entry|/": 1,
    }


def test_requests_that_were_kept_out_are_no_visits() -> None:
    come_in(an_event("kept_out", "robot", properties={"count": 41}), an_event("kept_out", "robot"))
    roll_up(NOON)
    assert numbers("kept_out", "robot") == (42, 0, 0, 0, 0, 0)
    assert numbers("site") == ()


@pytest.mark.parametrize("value", [1e300, -5, "many", None, True, [1], {"a": 1}])
def test_properties_that_are_no_good_count_for_nothing(value: Any) -> None:
    names = ("seconds", "lcp", "fraction", "before", "total", "amount", "count")
    come_in(
        *(
            an_event(name, "x", user_id=7, properties=dict.fromkeys(names, value))
            for name in ("page_view", "page_left", "tutorial_progress", "subscription", "kept_out")
        )
    )
    roll_up(NOON)
    assert numbers("event", "page_view")[:2] == (1, 1)


def test_the_longest_of_everything_fits_into_the_index() -> None:
    long = "/" + "€" * 3000
    come_in(
        an_event(visitor=-1, subject=long, source=long),
        an_event(visitor=-1, subject=long + "|", at=NOON + MINUTE),
        an_event(visitor=-1, subject="/other" + long, at=NOON + 2 * MINUTE),
    )
    roll_up(NOON)
    assert numbers("site")[0] == 3


# -- Days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("UTC", date(2026, 10, 25), 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_shows(zone: str, day: date, hours: int) -> None:
    with override_settings(ANALYTICS_TIME_ZONE=zone):
        start, _ = span_of(day)
        come_in(*(an_event(visitor=-1, at=start + number * HOUR + 5 * MINUTE) for number in range(-1, hours + 1)))
        roll_up(start + 2 * DAY)
        assert numbers("site", day=day)[0] == hours
        of_day = HourlyCount.objects.filter(dimension="site", segment=0, hour__gte=start, hour__lt=start + hours * HOUR)
        assert [row.events for row in of_day] == [1] * hours


@override_settings(ANALYTICS_TIME_ZONE="Asia/Kolkata")
def test_where_days_begin_at_half_an_hour_both_days_are_counted() -> None:
    midnight = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
    come_in(an_event(visitor=-1, at=midnight - MINUTE), an_event(visitor=-2, at=midnight + MINUTE))
    assert roll_up(midnight).days == [date(2026, 11, 2), date(2026, 11, 3)]
    hours = HourlyCount.objects.filter(dimension="site", segment=0, key="").order_by("hour")
    assert [row.hour for row in hours] == [midnight - HOUR, midnight]


# -- Again and again ----------------------------------------------------------------------------


def test_equal_rows_are_not_written_again() -> None:
    come_in(an_event(visitor=-1), an_event(user_id=7), an_event(visitor=-2, subject="/pricing/"))
    roll_up(NOON)

    def versions() -> set[tuple[str, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(VERSIONS)
            return set(cursor.fetchall())

    before = versions()
    assert before
    mark_dirty([an_event()])
    assert roll_up(NOON).days == [NOON.date()]
    assert versions() == before


def test_what_is_gone_is_counted_no_more() -> None:
    come_in(an_event(visitor=-1, subject="/gone/"), an_event(user_id=7, subject="/stays/"))
    roll_up(NOON)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM analytics_useranalytics WHERE visitor = -1")
    assert list(rebuild(NOON.date(), NOON.date(), NOON)) == [NOON.date()]
    assert numbers("page", "/gone/") == ()
    assert numbers("site")[:2] == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_only_one_counts_at_a_time() -> None:
    come_in(an_event(visitor=-1))
    with own_connection() as other, only_one(other.cursor(), rolling_up.LOCK):
        with pytest.raises(Busy):
            roll_up(NOON)
        assert said() == "Counted nothing: nothing came in.\n"
        assert DirtyHour.objects.exists()
        with pytest.raises(CommandError, match="Another"):
            call_command("roll_up_analytics", "--from", "2026-11-02", "--to", "2026-11-02")
    assert roll_up(NOON).days == [NOON.date()]


@pytest.mark.django_db(transaction=True)
def test_events_that_come_in_meanwhile_wait_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """They commit after the snapshot was taken: neither are they counted, nor is it forgotten that they are to be."""
    come_in(an_event(visitor=-1))
    count_day = rolling_up.count_day

    def overtaken(cursor: Any, day: date) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            pool.submit(alone, lambda: come_in(an_event(visitor=-2, at=NOON + MINUTE))).result()
        monkeypatch.undo()
        count_day(cursor, day)

    monkeypatch.setattr(rolling_up, "count_day", overtaken)
    roll_up(NOON)
    assert numbers("site")[1] == 1
    assert DirtyHour.objects.count() == 1
    roll_up(NOON)
    assert numbers("site")[1] == 2


@pytest.mark.django_db(transaction=True)
def test_whoever_is_killed_in_the_middle_has_done_nothing() -> None:
    come_in(an_event(visitor=-1), an_event(visitor=-1, at=NOON + DAY))
    with own_connection() as killer:

        def kill(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if "day_visit" in sql and params is None and "CREATE" in sql:
                killer.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(kill), pytest.raises(DatabaseError):
            roll_up(NOON + DAY)
    connection.close()
    assert not DailyCount.objects.exists()
    assert DirtyHour.objects.count() == 2
    assert roll_up(NOON + DAY).days == [NOON.date(), (NOON + DAY).date()]
    assert numbers("site")[:3] == (2, 2, 2)


# -- What is gone -------------------------------------------------------------------------------


@override_settings(ANALYTICS_MONTHS=2)
def test_months_that_are_over_are_dropped_and_their_counts_stay() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    assert oldest_kept(now) == date(2026, 9, 1)
    come_in(*(an_event(visitor=-1, at=datetime(2026, month, 15, 12, tzinfo=UTC)) for month in (7, 8, 9, 11)))
    roll_up(datetime(2026, 9, 1, tzinfo=UTC))
    assert list(drop_months(now)) == [date(2026, 7, 1), date(2026, 8, 1)]
    with connection.cursor() as cursor:
        assert list(MONTHS.days(cursor)) == [date(2026, 9, 1), date(2026, 11, 1)]
    assert numbers("site")[0] == 4
    assert list(drop_months(now)) == []


@override_settings(ANALYTICS_MONTHS=2)
def test_a_month_of_which_something_waits_is_not_dropped() -> None:
    come_in(an_event(visitor=-1, at=datetime(2026, 7, 15, tzinfo=UTC)))
    assert list(drop_months(datetime(2026, 11, 30, tzinfo=UTC))) == []
    roll_up(datetime(2026, 9, 1, tzinfo=UTC))
    assert list(drop_months(datetime(2026, 11, 30, tzinfo=UTC))) == [date(2026, 7, 1)]


def test_what_the_database_refused_is_kept_for_a_month() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    for name, days in (("new", 29), ("old", 31)):
        DeadLetter.objects.create(id=name, set_aside_at=now - timedelta(days=days), error="refused", line=b"x")
    assert forget_dead_letters(now) == 1
    assert [letter.pk for letter in DeadLetter.objects.all()] == ["new"]


@override_settings(ANALYTICS_MONTHS=2)
def test_days_whose_events_are_gone_are_not_counted_anew() -> None:
    july = datetime(2026, 7, 15, 12, tzinfo=UTC)
    now = datetime(2026, 11, 30, tzinfo=UTC)
    come_in(an_event(visitor=-1, at=july))
    roll_up(july)
    list(drop_months(now))
    with pytest.raises(Gone) as refused:
        list(rebuild(date(2026, 7, 14), date(2026, 7, 15), now))
    assert refused.value.days == [date(2026, 7, 14), date(2026, 7, 15)]
    # Nor does one that was very late make the day's counts those of itself alone.
    come_in(an_event(visitor=-2, at=july))
    done = roll_up(now)
    assert (done.days, done.gone) == ([], [july.date()])
    assert numbers("site")[1] == 1
    assert not DirtyHour.objects.exists()
    # Even if longer is kept from now on: what was dropped does not come back.
    with connection.cursor() as cursor:
        MONTHS.drop(cursor, july.date())
    with override_settings(ANALYTICS_MONTHS=24), pytest.raises(Gone):
        list(rebuild(july.date(), july.date(), now))


# -- The command --------------------------------------------------------------------------------


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("roll_up_analytics", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_counted() -> None:
    come_in(an_event(visitor=-1, at=NOON))
    assert said() == "Counted 2026-11-02.\n"
    assert said() == "Counted nothing: nothing came in.\n"
    mark_dirty([an_event()])
    assert said("--again", "0") == "Counted 2026-11-02.\n"
    assert json.loads(said("--json")) == {"counted": [], "dropped": []}


def test_the_command_counts_a_range_anew() -> None:
    come_in(an_event(visitor=-1, at=NOON))
    assert said("--from", "2026-11-01", "--to", "2026-11-02") == "Counted 2026-11-01, 2026-11-02.\n"
    assert numbers("site")[0] == 1
    assert json.loads(said("--from", "2026-11-02", "--to", "2026-11-02", "--json"))["counted"] == ["2026-11-02"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "2026-11-02"], "Say --from"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "before the first"),
        (["--from", "yesterday"], "invalid day"),
        (["--from", "2020-01-01", "--to", "2020-01-02"], "the events of 2020-01-01, 2020-01-02 are gone"),
        (
            ["--from", "2020-01-01", "--to", "2020-01-31"],
            "the events of 31 days from 2020-01-01 to 2020-01-31 are gone",
        ),
    ],
)
def test_the_command_refuses_what_cannot_be(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("roll_up_analytics", *arguments)


def test_the_same_statements_are_asked_however_much_there_is(django_assert_max_num_queries: Any) -> None:
    def count() -> int:
        with django_assert_max_num_queries(200) as asked:
            roll_up(NOON)
        return len(asked)

    come_in(an_event(visitor=-1))
    roll_up(NOON)
    come_in(an_event(visitor=-2))
    few = count()
    come_in(*(an_event(visitor=-number, subject=f"/{number}/") for number in range(3, 60)))
    assert count() == few
