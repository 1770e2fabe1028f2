"""Revenue by hand: what each figure is, by an example of its own."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from accounts.models import User
from billing.models import Organisation, Refund
from billing.reports.changes import Segment
from billing.reports.movements import Movements
from billing.reports.rounding import apportion, twelfth
from tests.billing.revenue_histories import day, go, make_contract, make_subscription, pay, price_of, seen
from tests.factories import make_user

STRIPE, PAYPAL = Segment("premium", "stripe"), Segment("premium", "paypal")
TEAM = Segment("team", "stripe")


def month(number: int) -> date:
    return date(2026, number, 1)


def test_the_life_of_a_member_month_by_month(learner: User) -> None:
    """$50 a month; to $500 a year; a pause; back; the end. The example of docs/billing.md."""
    subscription = make_subscription(learner, price_of("month"))
    go(subscription, "active", day("2026-01-15"))
    go(subscription, "active", day("2026-03-15"), price=price_of("year"))
    go(subscription, "paused", day("2026-05-01"))
    go(subscription, "active", day("2026-07-01"))
    go(subscription, "cancelled", day("2026-08-20"))
    go(subscription, "ended", day("2026-10-15"))
    figures = seen().statements
    assert figures[month(1)].moved.monthly == Movements(new=5000)
    assert not any(figures[month(2)].moved.monthly)
    assert figures[month(3)].moved.monthly == Movements(contraction=4167 - 5000)
    assert figures[month(5)].moved.monthly == Movements(churn=-4167)
    assert figures[month(7)].moved.monthly == Movements(reactivation=4167)
    assert not any(figures[month(8)].moved.monthly), "a cancellation costs nothing before the end"
    assert figures[month(10)].moved.monthly == Movements(churn=-4167)
    assert [figures[month(number)].end.annual for number in (1, 3, 5, 7, 10)] == [60_000, 50_000, 0, 50_000, 0]
    assert [figures[month(number)].end.customers for number in (1, 3, 5, 7, 10)] == [1, 1, 0, 1, 0]
    assert figures[month(3)].arpu == 4167
    assert (figures[month(3)].revenue_churn, figures[month(3)].logo_churn) == (Fraction(10_000, 60_000), Fraction(0))
    assert figures[month(5)].logo_churn == 1
    assert figures[month(6)].logo_churn is None, "nobody was there to be lost"
    assert seen().summary.moved.customers == Movements(new=1, reactivation=1, churn=-2)


def test_a_month_in_which_one_comes_and_another_pays_less_adds_up(learner: User, stranger: User) -> None:
    """The end of the example of docs/billing.md."""
    ada, bob = make_subscription(learner, price_of("month")), make_subscription(stranger, price_of("year"))
    go(ada, "active", day("2026-01-15"))
    go(ada, "active", day("2026-03-15"), price=price_of("year"))
    go(bob, "active", day("2026-03-20"))
    march = seen().statements[month(3)]
    assert march.moved.monthly == Movements(new=4167, contraction=-834)
    assert (march.start.monthly, march.end.monthly) == (5000, 8333)
    assert march.moved.annual == Movements(new=50_000, contraction=-10_000)


def test_who_comes_back_by_another_provider_is_the_same_customer(learner: User) -> None:
    first = make_subscription(learner, price_of())
    go(first, "active", day("2026-02-01"))
    go(first, "ended", day("2026-04-01"))
    second = make_subscription(learner, price_of(), "paypal")
    go(second, "active", day("2026-06-01"))
    assert seen().statements[month(6)].moved.monthly == Movements(reactivation=5000)
    assert seen(provider="paypal").statements[month(6)].moved.monthly == Movements(reactivation=5000)
    assert seen(provider="stripe").summary.moved.monthly == Movements(new=5000, churn=-5000)


def test_a_change_of_plan_is_moved_and_only_the_difference_won(learner: User) -> None:
    subscription = make_subscription(learner, price_of())
    go(subscription, "active", day("2026-02-01"))
    go(subscription, "active", day("2026-03-01"), price=price_of(plan="team", amount=8000))
    whole = seen()
    assert whole.statements[month(3)].moved.monthly == Movements(expansion=3000)
    march = {segment: each[month(3)] for segment, each in whole.segments.items()}
    assert march[STRIPE].moved.monthly == Movements(moved=-5000)
    assert march[TEAM].moved.monthly == Movements(moved=5000, expansion=3000)
    assert (march[STRIPE].end.customers, march[TEAM].end.customers) == (0, 1)
    assert seen(plan="team").summary.moved.customers == Movements(moved=1)


def test_a_trial_and_its_cancellation_bring_in_nothing(learner: User, stranger: User) -> None:
    one, other = (make_subscription(person, price_of()) for person in (learner, stranger))
    go(one, "trialing", day("2026-02-01"))
    go(one, "cancelled", day("2026-02-05"))
    go(one, "ended", day("2026-02-15"))
    go(other, "trialing", day("2026-02-01"))
    go(other, "cancelled", day("2026-02-05"))
    go(other, "trialing", day("2026-02-06"))
    go(other, "active", day("2026-03-01"))
    go(other, "cancelled", day("2026-03-05"))
    assert seen().summary.moved.monthly == Movements(new=5000)
    assert seen().statements[month(3)].end.monthly == 5000


def test_news_that_comes_late_changes_a_closed_month_and_is_told(learner: User) -> None:
    subscription = make_subscription(learner, price_of())
    go(subscription, "active", day("2026-02-01"))
    go(subscription, "ended", day("2026-03-30"), late=timedelta(days=5))
    march = seen().statements[month(3)]
    assert (march.end.monthly, march.moved.late, march.moved.late_steps) == (0, -60_000, 1)
    before = seen(until="2026-03", as_of=day("2026-04-02"))
    assert before.statements[month(3)].end.monthly == 5000
    assert before.summary.moved.late_steps == 0


def test_what_was_recorded_last_is_how_things_stand(learner: User) -> None:
    """A provider dates an end before what we had seen of it ourselves."""
    subscription = make_subscription(learner, price_of())
    go(subscription, "active", day("2026-02-01"))
    go(subscription, "past_due", day("2026-03-10"))
    go(subscription, "ended", day("2026-03-09"), late=timedelta(days=2))
    assert seen().summary.end == (0, 0, 0)
    assert seen().summary.moved.annual == Movements(new=60_000, churn=-60_000)


def test_a_contract_counts_and_its_renewal_is_no_churn(db: None) -> None:
    acme = Organisation.objects.create(name="Acme", slug="acme")
    make_contract(acme, 1_200_000, day("2025-03-01"), day("2026-03-01"))
    make_contract(acme, 1_800_000, day("2026-03-01"), day("2027-03-01"))
    figures = seen(provider="contract")
    assert figures.statements[month(3)].moved.monthly == Movements(expansion=50_000)
    assert (figures.summary.end.customers, figures.summary.end.annual) == (1, 1_800_000)
    assert list(figures.segments) == [Segment("enterprise", "contract")]


def test_of_an_erased_person_the_revenue_stays(learner: User) -> None:
    go(make_subscription(None, price_of()), "active", day("2026-02-01"))
    go(make_subscription(learner, price_of()), "active", day("2026-02-01"))
    assert seen().statements[month(2)].moved.customers == Movements(new=2)


def test_each_currency_has_a_book_of_its_own(learner: User) -> None:
    subscription = make_subscription(learner, price_of())
    go(subscription, "active", day("2026-02-01"))
    go(subscription, "active", day("2026-03-01"), price=price_of(amount=4000, currency="EUR"))
    assert seen().summary.moved.annual == Movements(new=60_000, churn=-60_000)
    assert seen(currency="EUR").summary.moved.annual == Movements(new=48_000)


def test_months_begin_at_midnight_in_utc(learner: User) -> None:
    last_moment = day("2026-03-01") - timedelta(hours=12, microseconds=1)
    go(make_subscription(learner, price_of()), "active", last_moment)
    go(make_subscription(None, price_of()), "active", last_moment + timedelta(microseconds=1))
    assert [seen().statements[month(number)].moved.customers.new for number in (2, 3)] == [1, 1]


def test_trials_that_ended_and_those_that_were_paid_for(db: None) -> None:
    people = [make_user() for _ in range(4)]
    paying, failing, leaving, trying = (make_subscription(person, price_of()) for person in people)
    for each in (paying, failing, leaving, trying):
        go(each, "trialing", day("2026-02-01"))
    go(paying, "active", day("2026-02-15"))
    pay(paying, day("2026-02-15"), 0)
    pay(paying, day("2026-02-16"), 5000)
    go(failing, "active", day("2026-02-15"))
    go(failing, "past_due", day("2026-02-15"))
    go(leaving, "cancelled", day("2026-02-03"))
    go(leaving, "ended", day("2026-02-15"))
    assert seen().trials[month(2)] == (3, 1)
    assert seen().trials[month(2)].conversion == Fraction(1, 3)
    pay(failing, day("2026-03-02"), 5000)
    assert seen().trials[month(2)] == (3, 2)
    assert seen(provider="paypal").trials[month(2)].conversion is None


def test_failed_payments_that_came_after_all_and_those_that_did_not(db: None) -> None:
    people = [make_user() for _ in range(4)]
    saved, lost, regretted, lasting = (make_subscription(person, price_of()) for person in people)
    for each in (saved, lost, regretted, lasting):
        go(each, "active", day("2026-02-01"))
        go(each, "past_due", day("2026-03-30"))
    go(saved, "past_due", day("2026-03-31"), price=price_of("year"))
    go(saved, "active", day("2026-04-02"))
    go(lost, "cancelled", day("2026-04-01"))
    go(lost, "ended", day("2026-04-06"))
    go(regretted, "cancelled", day("2026-04-01"))
    go(regretted, "past_due", day("2026-04-02"))
    go(regretted, "active", day("2026-04-03"))
    april = seen().recovery[month(4)]
    assert (april.recovered, april.lost, april.lasting) == (2, 1, 0)
    assert (april.saved, april.lost_monthly, april.recovery) == (twelfth(110_000), 5000, Fraction(2, 3))
    assert (seen().past_due.lasting, seen().past_due.at_risk) == (1, 5000)


def test_the_cash_box(learner: User) -> None:
    subscription = make_subscription(learner, price_of())
    invoice = pay(subscription, day("2026-02-01"), 5500, tax=500)
    pay(subscription, day("2026-03-01"), 5500, tax=500, amount_paid=1100)
    pay(subscription, day("2026-03-02"), 5500, amount_paid=0, paid_at=None, status="open")
    for kind, amount in (("refund", 1000), ("dispute", 700), ("credit_note", 300)):
        Refund.objects.create(invoice=invoice, reference=kind, kind=kind, amount=amount, at=day("2026-03-05"))
    assert seen().cash[month(2)] == (1, 5500, 500, 0, 0, 0)
    assert seen().cash[month(3)] == (1, 1100, 100, 1000, 700, 300)
    assert seen().cash[month(3)].kept == 1100 - 1000 - 700


@pytest.mark.parametrize(
    ("annual", "whole", "shares"),
    [
        ([50_000, 50_000, 50_000], 12_500, [4167, 4167, 4166]),
        ([60_000, -50_000], 833, [5000, -4167]),
        ([7, 7], 1, [1, 0]),
        ([], 0, []),
    ],
)
def test_shares_of_a_rounded_whole_add_up(annual: list[int], whole: int, shares: list[int]) -> None:
    assert apportion(annual, whole) == shares
    assert sum(shares) == whole


def test_a_twelfth_is_rounded_to_the_nearest_and_halves_to_the_even() -> None:
    assert [twelfth(annual) for annual in (50_000, 6, 18, -6, -18, 7, 5)] == [4167, 0, 2, 0, -2, 1, 0]
