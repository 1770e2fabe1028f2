"""What the time brings about at both providers: ends, ends of pauses, checkouts that nobody finished, lost news."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command

from billing.access import PREMIUM, may_read
from billing.models import Cause, ProviderEvent, State, Subscription
from billing.services.following import Followed, follow_due
from billing.services.receiving import keep
from billing.services.recording import Why
from billing.services.subscribing import cancel, pause, resume
from billing.services.truth import bring_up_to_date
from tests.billing import paypal_shop, stripe_shop
from tests.billing.paypal_shop import START
from tests.billing.truths import make_subscription
from tests.counterparts.process import Counterparts

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=10)
# The 31st of January and a month; what is due at Stripe is paid an hour after the period has begun.
DUE = START.replace(month=2, day=28)
Letters = list[EmailMultiAlternatives]
Run = Callable[[datetime], Followed]


class StripeShop(stripe_shop.Shop):
    """With both clocks, which stand still."""

    clock: Any

    def move_to(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        self.stripe.stop_at(moment)


@pytest.fixture
def stripe(shop: stripe_shop.Shop, time_machine: Any) -> StripeShop:
    moving = StripeShop.__new__(StripeShop)
    vars(moving).update(vars(shop))
    moving.clock = time_machine
    time_machine.move_to(START, tick=False)
    moving.stripe.stop_at(START)
    return moving


@pytest.fixture
def run(time_machine: Any, counterparts: Counterparts, django_capture_on_commit_callbacks: Any) -> Run:
    """The clocks go to this time, and what is due then is done, its mails included."""

    def follow_at(moment: datetime) -> Followed:
        time_machine.move_to(moment)
        counterparts.stop_at(moment)
        with django_capture_on_commit_callbacks(execute=True):
            return follow_due(moment)

    return follow_at


def hear(row: Subscription) -> Subscription:
    """As if a webhook had come."""
    known = bring_up_to_date(row.provider, row.reference, Why(Cause.PROVIDER))
    assert known is not None
    return known


def now(row: Subscription) -> Subscription:
    return Subscription.objects.get(pk=row.pk)


def last_step(row: Subscription) -> tuple[str, str]:
    step = row.transitions.latest("id")
    return step.name, step.cause


# A payment that does not come


def test_after_the_days_of_grace_an_unpaid_subscription_ends_at_stripe_and_here(
    stripe: StripeShop, run: Run, mailoutbox: Letters
) -> None:
    row = hear(stripe.subscribe())
    stripe.change_card(row, "declined")
    stripe.move_to(DUE + 2 * HOUR)
    row = hear(row)
    assert row.state == State.PAST_DUE
    assert run(DUE + 7 * DAY - MINUTES).ended == 0
    assert may_read(stripe.user, PREMIUM).why == "grace"
    mailoutbox.clear()
    assert run(DUE + 7 * DAY).ended == 1
    row = now(row)
    assert (row.state, last_step(row)) == (State.ENDED, ("end", Cause.CLOCK))
    assert stripe.fetch(row).state == State.ENDED
    assert not may_read(stripe.user, PREMIUM).allowed
    assert [letter.subject for letter in mailoutbox] == ["Premium has ended"]
    assert "the payment that was missing has not come" in mailoutbox[0].body
    assert run(DUE + 7 * DAY + MINUTES) == Followed()


def test_whoever_paid_in_the_last_minute_stays_though_nobody_told_us(
    stripe: StripeShop, run: Run, mailoutbox: Letters
) -> None:
    row = hear(stripe.subscribe())
    stripe.change_card(row, "declined")
    stripe.move_to(DUE + 2 * HOUR)
    row = hear(row)
    stripe.change_card(row, "works")
    mailoutbox.clear()
    followed = run(DUE + 7 * DAY)
    assert followed.ended == 0
    assert now(row).state == State.ACTIVE
    assert [letter.subject for letter in mailoutbox] == ["Your payment for Premium has come"]


def test_nobody_is_ended_on_the_day_on_which_we_first_hear_of_it(stripe: StripeShop, run: Run) -> None:
    """All news were lost for eight days."""
    row = hear(stripe.subscribe())
    stripe.change_card(row, "declined")
    followed = run(DUE + 8 * DAY)
    assert (followed.looked_at, followed.ended) == (1, 0)
    assert now(row).state == State.PAST_DUE
    assert run(DUE + 9 * DAY).ended == 1


def test_while_the_provider_is_away_nothing_ends_and_the_next_run_does_it(
    stripe: StripeShop, run: Run, mailoutbox: Letters
) -> None:
    row = hear(stripe.subscribe())
    stripe.change_card(row, "declined")
    stripe.move_to(DUE + 2 * HOUR)
    row = hear(row)
    mailoutbox.clear()
    stripe.stripe.control("trouble", provider="stripe", trouble="down")
    followed = run(DUE + 7 * DAY)
    assert (followed.ended, followed.away) == (0, {"stripe"})
    assert now(row).state == State.PAST_DUE
    assert not mailoutbox
    stripe.stripe.control("trouble", provider="stripe", trouble="")
    assert run(DUE + 7 * DAY + MINUTES).ended == 1


def test_at_paypal_it_ends_in_the_same_way(paypal: paypal_shop.Shop, run: Run, mailoutbox: Letters) -> None:
    row = hear(paypal.subscribe())
    paypal.paypal.control("paypal/wallet", id=row.reference, wallet="fails")
    paypal.move_to(DUE + HOUR)
    row = hear(row)
    assert row.state == State.PAST_DUE
    assert run(DUE + 7 * DAY - MINUTES).ended == 0
    mailoutbox.clear()
    assert run(DUE + 7 * DAY).ended == 1
    assert (now(row).state, last_step(row)) == (State.ENDED, ("end", Cause.CLOCK))
    assert status_at_paypal(paypal, row) == "CANCELLED"
    assert "the payment that was missing has not come" in mailoutbox[0].body


# What PayPal only suspends


def test_what_was_cancelled_at_paypal_is_ended_there_when_its_time_is_over(
    paypal: paypal_shop.Shop,
    run: Run,
    mailoutbox: Letters,
) -> None:
    row = hear(paypal.subscribe())
    cancel(user=paypal.user)
    assert run(DUE - MINUTES).cancelled == 0
    assert status_at_paypal(paypal, row) == "SUSPENDED"
    assert may_read(paypal.user, PREMIUM).allowed
    mailoutbox.clear()
    assert run(DUE).cancelled == 1
    row = now(row)
    assert (row.state, row.ended_at, last_step(row)) == (State.ENDED, DUE, ("end", Cause.CLOCK))
    assert status_at_paypal(paypal, row) == "CANCELLED"
    assert "missing" not in mailoutbox[0].body
    assert run(DUE + MINUTES) == Followed()


def test_a_worker_that_was_away_for_a_day_still_ends_it_there(paypal: paypal_shop.Shop, run: Run) -> None:
    row = hear(paypal.subscribe())
    cancel(user=paypal.user)
    assert run(DUE + DAY).cancelled == 1
    assert status_at_paypal(paypal, row) == "CANCELLED"
    assert now(row).ended_at == DUE


def test_who_took_the_cancellation_back_goes_on(paypal: paypal_shop.Shop, run: Run) -> None:
    row = hear(paypal.subscribe())
    cancel(user=paypal.user)
    resume(user=paypal.user)
    assert run(DUE + MINUTES).cancelled == 0
    assert hear(row).state == State.ACTIVE
    assert may_read(paypal.user, PREMIUM).why == "paypal"


def test_a_pause_at_paypal_ends_in_time_for_the_next_payment(
    paypal: paypal_shop.Shop,
    run: Run,
    mailoutbox: Letters,
) -> None:
    row = hear(paypal.subscribe())
    until = pause(user=paypal.user, months=1).resumes_at
    assert until is not None
    assert run(until - MINUTES).continued == 0
    assert now(row).state == State.PAUSED
    mailoutbox.clear()
    assert run(until).continued == 1
    assert (now(row).state, last_step(row)) == (State.ACTIVE, ("continue", Cause.CLOCK))
    assert [letter.subject for letter in mailoutbox] == ["Your pause is over: Premium goes on"]
    paypal.move_to(START.replace(month=3) + HOUR)
    row = hear(row)
    assert len(row.invoices.all()) == 2
    assert may_read(paypal.user, PREMIUM).why == "paypal"


def status_at_paypal(paypal: paypal_shop.Shop, row: Subscription) -> str:
    """The last one that it told of."""
    told = [
        body["resource"]["status"]
        for body in paypal.paypal.events()
        if body["event_type"].startswith("BILLING.SUBSCRIPTION.") and body["resource"]["id"] == row.reference
    ]
    return str(told[-1])


# Checkouts


def test_a_checkout_that_nobody_finished_is_closed_a_day_later_without_a_mail(
    stripe: StripeShop, run: Run, mailoutbox: Letters
) -> None:
    row = stripe.begin()
    assert row.checkout_expires_at is not None
    assert run(row.checkout_expires_at + DAY - MINUTES).closed == 0
    assert run(row.checkout_expires_at + DAY).closed == 1
    row = now(row)
    assert (row.state, row.checkout_url, last_step(row)) == (State.ENDED, "", ("end", Cause.CLOCK))
    assert row.started_at is None
    assert not mailoutbox
    assert run(row.ended_at or START) == Followed()


def test_a_checkout_at_paypal_to_which_nobody_agreed_is_closed_too(paypal: paypal_shop.Shop, run: Run) -> None:
    row = paypal.begin()
    assert run(START + 2 * DAY).closed == 1
    assert now(row).state == State.ENDED


def test_a_checkout_that_was_paid_and_of_which_nobody_told_us_is_recorded(
    stripe: StripeShop, run: Run, mailoutbox: Letters
) -> None:
    row = stripe.begin()
    stripe_shop.pay(row.checkout_url)
    assert run(START + 2 * DAY).closed == 0
    assert (now(row).state, last_step(row)) == (State.ACTIVE, ("activate", Cause.CLOCK))
    assert may_read(stripe.user, PREMIUM).why == "stripe"
    assert [letter.subject for letter in mailoutbox] == ["Welcome to Premium"]


# Lost news


def test_a_renewal_of_which_nobody_told_us_is_found_an_hour_later(stripe: StripeShop, run: Run) -> None:
    row = hear(stripe.subscribe())
    assert run(DUE + HOUR - MINUTES).looked_at == 0
    assert run(DUE + 2 * HOUR).looked_at == 1
    assert now(row).current_period_end == START.replace(month=3, day=31)
    assert may_read(stripe.user, PREMIUM).why == "stripe"
    assert run(DUE + 3 * HOUR).looked_at == 0


def test_one_that_stays_behind_is_looked_at_every_six_hours_and_not_each_time(
    paypal: paypal_shop.Shop,
    run: Run,
) -> None:
    hear(paypal.subscribe())
    pause(user=paypal.user, months=3)
    looked = [hours for hours in range(24) if run(DUE + hours * HOUR).looked_at]
    assert looked == [1, 8, 15, 22]


# Each for itself


def test_one_that_fails_stops_no_other(stripe: StripeShop, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    fields: dict[str, Any] = {"state": State.ACTIVE, "current_period_end": START}
    gone = make_subscription(stripe.user, price=stripe.month, reference="sub_gone", **fields)
    Subscription.objects.filter(pk=gone.pk).update(user=None)
    hear(stripe.subscribe())
    followed = run(DUE + 2 * HOUR)
    assert (followed.failed, followed.looked_at, followed.away) == (1, 1, set())
    assert f"look of subscription {gone.pk} failed" in caplog.text


def test_nothing_due_asks_no_provider(
    stripe: StripeShop, run: Run, django_assert_max_num_queries: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hear(stripe.subscribe())
    before = len(stripe.asked())
    with django_assert_max_num_queries(6):
        assert run(START + 15 * DAY) == Followed()
    call_command("follow_subscriptions", verbosity=0)
    assert len(stripe.asked()) == before
    assert capsys.readouterr().out == ""


def test_what_no_worker_has_applied_is_applied_by_the_command_of_each_minute(
    stripe: StripeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    row = stripe.begin()
    stripe_shop.pay(row.checkout_url)
    told = list(stripe.gateway.news_since(START - DAY))
    for news in told:
        keep("stripe", news)
    call_command("apply_events")
    assert now(row).state == State.ACTIVE
    assert not ProviderEvent.objects.waiting().exists()
    assert capsys.readouterr().out == f"{len(told)} events applied.\n"
    call_command("apply_events")
    assert capsys.readouterr().out == "0 events applied.\n"
