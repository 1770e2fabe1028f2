"""When a rule of alerts is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from analytics.judging import Figure, Kind, judge

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def days(*values: float, last: datetime = MONDAY) -> list[Figure]:
    """Of days in a row, the last of which is `last`."""
    return [Figure(last - DAY * (len(values) - 1 - place), Decimal(value)) for place, value in enumerate(values)]


def weeks(*values: float) -> list[Figure]:
    """Mondays with these values, and nothing on the days between."""
    return days(*(value for monday in values for value in (0, 0, 0, 0, 0, 0, monday)))


@pytest.mark.parametrize(
    ("kind", "threshold", "values", "is_true"),
    [
        (Kind.ABOVE, 10, (0, 11), True),
        (Kind.ABOVE, 10, (99, 10), False),
        (Kind.BELOW, 10, (99, 9), True),
        (Kind.BELOW, 10, (0, 10), False),
        (Kind.CHANGE, 50, (100, 151), True),
        (Kind.CHANGE, 50, (100, 49), True),
        (Kind.CHANGE, 50, (100, 150), False),
        (Kind.CHANGE, 50, (100, 50), False),
        (Kind.CHANGE, 50, (0, 9), False),
        (Kind.CHANGE, 50, (9,), False),
        (Kind.SILENCE, None, (0, 3, 0, 0), True),
        (Kind.SILENCE, None, (3, 1), False),
        (Kind.SILENCE, None, (0, 0, 0), False),
        (Kind.SILENCE, None, (5, 0, 0, 0, 0, 0, 0, 0, 0), False),
    ],
)
def test_a_rule_is_true_of_the_last_period(
    kind: Kind, threshold: int | None, values: tuple[int, ...], is_true: bool
) -> None:
    number = None if threshold is None else Decimal(threshold)
    verdict = judge(kind, number, days(*values))
    assert (verdict is not None) is is_true
    if verdict is not None:
        assert verdict.start == MONDAY
        assert verdict.value == values[-1]


@pytest.mark.parametrize(
    ("values", "is_true"),
    [
        ((100, 103, 98, 101, 99, 180), True),
        ((100, 103, 98, 101, 99, 20), True),
        ((100, 103, 98, 101, 99, 110), False),
        # All alike, and one more: no alarm.
        ((4, 4, 4, 4, 4, 5), False),
        # One mad week among them changes nothing.
        ((100, 900, 98, 101, 99, 180), True),
        # Three weeks are too few to know what is usual.
        ((100, 100, 100, 900), False),
    ],
)
def test_an_anomaly_is_far_from_the_same_weekday_of_the_weeks_before(values: tuple[int, ...], is_true: bool) -> None:
    verdict = judge(Kind.ANOMALY, None, weeks(*values))
    assert (verdict is not None) is is_true


def test_a_rule_may_name_how_far_is_too_far() -> None:
    figures = weeks(100, 103, 98, 101, 99, 180)
    assert judge(Kind.ANOMALY, Decimal(3), figures)
    assert judge(Kind.ANOMALY, Decimal(30), figures) is None


def test_the_same_weekday_is_that_of_the_calendar_across_a_change_of_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    last = datetime(2026, 11, 2, tzinfo=berlin)  # the week before, clocks went back
    figures = [Figure(last - timedelta(days=7 * week), Decimal(100)) for week in range(6, 0, -1)]
    verdict = judge(Kind.ANOMALY, None, [*figures, Figure(last, Decimal(500))])
    assert verdict is not None
    assert verdict.expected == 100


def test_without_figures_nothing_is_true() -> None:
    assert judge(Kind.SILENCE, None, []) is None
