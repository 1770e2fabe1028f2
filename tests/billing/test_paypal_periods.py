"""Which time a payment by PayPal pays for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.gateways.paypal.periods import LATEST, Paid, periods
from billing.months import months_later

START = datetime(2027, 1, 31, 15, 30, tzinfo=UTC)


def day(month: int, number: int, year: int = 2027) -> datetime:
    return datetime(year, month, number, 15, 30, tzinfo=UTC)


def test_months_follow_on_each_other_on_the_day_of_the_first() -> None:
    paid = [Paid(at, 1) for at in (START, day(2, 28), day(3, 31), day(4, 30))]
    assert list(periods(START, paid)) == [
        (START, day(2, 28)),
        (day(2, 28), day(3, 31)),
        (day(3, 31), day(4, 30)),
        (day(4, 30), day(5, 31)),
    ]


@pytest.mark.parametrize("late", [timedelta(seconds=1), timedelta(days=5), LATEST])
def test_a_payment_that_comes_late_pays_for_the_time_that_was_due(late: timedelta) -> None:
    paid = [Paid(START, 1), Paid(day(2, 28) + late, 1), Paid(day(3, 31), 1)]
    assert list(periods(START, paid))[1:] == [(day(2, 28), day(3, 31)), (day(3, 31), day(4, 30))]


def test_what_pays_for_no_time_takes_none() -> None:
    paid = [Paid(START, 1), Paid(day(2, 28), 0), Paid(day(3, 1), 1)]
    assert list(periods(START, paid))[1:] == [(day(2, 28), day(2, 28)), (day(2, 28), day(3, 31))]


def test_a_payment_that_comes_too_late_begins_anew() -> None:
    late = day(3, 14)
    assert list(periods(START, [Paid(START, 1), Paid(late, 1)])) == [(START, day(2, 28)), (late, day(4, 14))]


def test_a_payment_some_hours_before_it_was_due_leaves_no_gap() -> None:
    """PayPal bills in the morning, at whatever time of day somebody began."""
    early = day(2, 28).replace(hour=10, minute=0)
    assert list(periods(START, [Paid(START, 1), Paid(early, 1)]))[1] == (day(2, 28), day(3, 31))


def test_after_a_trial_the_first_period_begins_when_the_payment_was_due() -> None:
    assert list(periods(day(2, 14), [Paid(day(2, 14) + timedelta(hours=2), 1)])) == [(day(2, 14), day(3, 14))]


def test_a_change_from_months_to_years_is_paid_from_the_end_of_the_month() -> None:
    paid = [Paid(START, 1), Paid(day(2, 28), 12), Paid(day(2, 28, 2028), 12)]
    assert list(periods(START, paid)) == [
        (START, day(2, 28)),
        (day(2, 28), day(2, 28, 2028)),
        (day(2, 28, 2028), day(2, 28, 2029)),
    ]


@given(
    steps=st.lists(st.tuples(st.sampled_from([1, 12]), st.integers(min_value=0, max_value=40)), min_size=1, max_size=20)
)
def test_whatever_is_paid_periods_never_overlap_and_each_is_as_long_as_what_was_paid(
    steps: list[tuple[int, int]],
) -> None:
    paid, due = [], START
    for months, days_late in steps:
        paid.append(Paid(due + timedelta(days=days_late), months))
        due = months_later(due + timedelta(days=days_late), months)
    found = list(periods(START, paid))
    for (_, end), (following, _) in pairwise(found):
        assert end <= following
    for (begin, end), payment in zip(found, paid, strict=True):
        # A month anchored on the 31st is at most three days shorter or longer than one from the day itself.
        assert abs(end - months_later(begin, payment.months)) <= timedelta(days=3)
