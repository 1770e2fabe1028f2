"""Times in words: in the largest unit that fits up to a week, and exactly in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from common.moments import Moments, measured, microseconds_of, rounded_up, time_of

NOW = datetime(2026, 3, 29, 12, 30, 15, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "22 Mar 2026"),
        (timedelta(days=400), "22 Feb 2025"),
    ],
)
def test_how_long_ago_something_was(before: timedelta, words: str) -> None:
    assert Moments(NOW).of(NOW - before).ago == words


def test_the_exact_time_is_that_of_the_reader_and_the_machines_is_utc() -> None:
    # In the night after, clocks in Berlin go forward.
    at = datetime(2026, 3, 28, 23, 59, 59, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        shown = Moments(NOW).of(at)
    assert shown.iso == "2026-03-28T23:59Z"
    assert shown.exact == "29 March 2026, 00:59"
    with timezone.override(ZoneInfo("America/New_York")):
        assert Moments(NOW).of(at).exact == "28 March 2026, 19:59"
        assert Moments(NOW).of(at - timedelta(days=30)).ago == "26 Feb 2026"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 minute"),
        (61, "2 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (7201, "3 hours"),
        (86_400, "24 hours"),
        (172_801, "3 days"),
    ],
)
def test_a_promise_is_rounded_up(seconds: float, words: str) -> None:
    assert rounded_up(seconds) == words


def test_a_short_promise_may_be_in_seconds() -> None:
    assert [rounded_up(seconds, least=1) for seconds in (0.2, 2, 120)] == ["1 second", "2 seconds", "2 minutes"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0021, "2 ms"), (0.9994, "999 ms"), (1, "1.0 s"), (119.9, "119.9 s"), (120, "2 min")]
)
def test_what_something_took_is_said_with_the_unit_that_suits_it(seconds: float, words: str) -> None:
    assert measured(seconds) == words


@given(at=st.datetimes(timezones=st.just(UTC)))
def test_a_time_survives_as_a_number_of_microseconds(at: datetime) -> None:
    assert time_of(microseconds_of(at)) == at
