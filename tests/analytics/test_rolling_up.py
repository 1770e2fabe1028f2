"""What comes of events when they are counted."""

from __future__ import annotations

import pytest

from analytics.models import DailyCount, DirtyHour, HourlyCount, MemberDay
from analytics.services.rolling_up import roll_up
from tests.analytics.happenings import MINUTE, NOON, an_event, come_in

pytestmark = pytest.mark.django_db


def numbers(dimension: str, key: str = "", segment: int = 0) -> tuple[int, ...]:
    """Events, visitors, visits, bounces, seconds and amount of all days; nothing where there is no row."""
    rows = DailyCount.objects.filter(dimension=dimension, key=key, segment=segment)
    return tuple(
        sum(values)
        for values in zip(
            *rows.values_list("events", "visitors", "visits", "bounces", "seconds", "amount"), strict=True
        )
    )


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
