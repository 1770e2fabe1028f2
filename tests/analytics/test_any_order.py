"""Whatever happens, in whatever order and however often it comes in: the counts are the same as counted at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics.days import day_of
from analytics.events import AudienceOf, Event
from analytics.models import DailyCount, Funnel, Goal, HourlyCount, MemberDay, MemberSummary
from analytics.models.counts import ANONYMOUS, Dimension
from analytics.services.rolling_up import rebuild, roll_up
from common.identities import time_of_id
from tests.analytics.happenings import an_event, come_in
from tests.analytics.reckoning import Day, reckoned

# Clocks went back on the 25th of October 2026 in Berlin, where that day had 25 hours.
START = datetime(2026, 10, 24, 18, tzinfo=UTC)
NOW = START + timedelta(days=3)
MODELS = (DailyCount, HourlyCount, MemberDay, MemberSummary)
AUDIENCES = [
    AudienceOf("visitor", "", "desktop", "Firefox", "Linux"),
    AudienceOf("visitor", "DE", "desktop", "Firefox", "Linux"),
    AudienceOf("free", "", "phone", "Safari", "iOS"),
    AudienceOf("premium", "FR", "desktop", "Chrome", "Windows"),
    AudienceOf(),
]
people = st.sampled_from(
    [{"visitor": -1}, {"visitor": -2}, {"visitor": -2, "user_id": 1}, {"visitor": -3, "user_id": 1}, {"user_id": 2}]
)
paths = st.sampled_from(["/", "/pricing/", "/tutorials/first/"])
seconds = st.fixed_dictionaries({"seconds": st.integers(0, 60)})
progress = st.builds(
    lambda before, more, **rest: {"before": before / 8, "fraction": min(before + more, 8) / 8, **rest},
    before=st.integers(0, 7),
    more=st.integers(0, 8),
    seconds=st.integers(0, 90),
    total=st.integers(1, 9000),
    block=st.sampled_from(["", "first-steps"]),
    started=st.booleans(),
)


def happening(name: str, subjects: st.SearchStrategy[str], **fields: Any) -> st.SearchStrategy[Event]:
    # Close together, often just at the length of a pause between visits, and on both sides of all midnights.
    moments = st.builds(
        lambda hour, minute: START + timedelta(hours=hour, minutes=minute),
        st.sampled_from([0, 1, 3, 4, 5, 6, 28, 29, 30]),
        st.sampled_from([0, 1, 29, 30, 31, 59]),
    )

    def made(at: datetime, subject: str, person: dict[str, int], **rest: Any) -> Event:
        return an_event(name, subject, at=at, **person, **rest)

    return st.builds(made, moments, subjects, people, audience=st.sampled_from(AUDIENCES), **fields)


happenings = st.one_of(
    happening("page_view", paths, source=st.sampled_from(["", "", "example.org"])),
    happening("page_view", paths),
    happening("page_left", paths, properties=seconds),
    happening("feature", st.just("search")),
    happening("tutorial_progress", st.just("first"), properties=progress),
    happening("sign_up", st.just("")),
    happening("subscription", st.just("started"), properties=st.just({"plan": "premium", "amount": 1900})),
)


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
# What fails is told as it was drawn: to make it smaller would take minutes.
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_counting_bit_by_bit_is_counting_at_once(zone: str, data: st.DataObject) -> None:
    events = data.draw(st.lists(happenings, min_size=1, max_size=30))
    arrivals = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=5))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrivals)), max_size=3)))
    with override_settings(ANALYTICS_TIME_ZONE=zone):
        undone(lambda: come_and_compare(events, arrivals, cuts, ZoneInfo(zone)))


def come_and_compare(events: list[Event], arrivals: list[Event], cuts: list[int], zone: ZoneInfo) -> None:
    Goal.objects.create(name="Prices", event="page_view", subject="/pricing/")
    Goal.objects.create(name="Learning", event="tutorial_progress", subject="*")
    steps = [{"event": "page_view", "subject": "/*"}, {"event": "page_view", "subject": "/pricing/"}]
    Funnel.objects.create(name="Within a day", steps=steps)
    Funnel.objects.create(name="Within two", steps=[*steps, {"event": "subscription", "subject": ""}], days=2)
    for start, end in zip([0, *cuts], [*cuts, len(arrivals)], strict=True):
        come_in(*arrivals[start:end])
        roll_up(NOW)
    bit_by_bit = everything()
    assert of_site() == reckoned(events, zone)
    for model in MODELS:
        model._default_manager.all().delete()
    days = [day_of(time_of_id(event.id)) for event in events]
    assert list(rebuild(min(days), max(days), NOW))
    assert everything() == bit_by_bit
    roll_up(NOW)
    assert everything() == bit_by_bit


def everything() -> list[list[tuple[Any, ...]]]:
    return [sorted(model._default_manager.values_list(), key=repr) for model in MODELS]


def of_site() -> dict[date, Day]:
    rows = DailyCount.objects.filter(dimension=Dimension.SITE, segment=0)
    anonymous = dict(rows.filter(key=ANONYMOUS).values_list("day", "visitors"))
    return {
        row.day: Day(
            *(row.amount, row.events, row.visitors, anonymous.get(row.day, 0), row.visits, row.bounces, row.seconds)
        )
        for row in rows.filter(key="")
    }


def undone(deed: Callable[[], None]) -> None:
    """One example after another in the same test, and each finds nothing."""
    with transaction.atomic():
        deed()
        transaction.set_rollback(True)
