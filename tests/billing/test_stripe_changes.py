"""What the gateway does at Stripe to a subscription that there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.gateways.base import NotThere, Refused, Step, Truth
from billing.gateways.stripe.client import client, read, stamp
from billing.models import InvoiceStatus, State, Subscription
from tests.billing.shops import CANCEL, DAY, MONTH, RETURN, YEAR
from tests.billing.stripe_shop import Shop, pay

HOUR = timedelta(hours=1)


def change_to_year(shop: Shop, row: Subscription) -> Step:
    agreed = shop.gateway.preview(row, shop.year)
    return shop.gateway.change_price(row, shop.year, return_url=RETURN, cancel_url=CANCEL, agreed=agreed)


def balance_of(row: Subscription) -> int:
    customer = read("subscriptions", row.reference)["customer"]
    return int(read("customers", customer)["balance"])


def test_whoever_cancels_keeps_what_is_paid_and_may_take_it_back(shop: Shop) -> None:
    row = shop.subscribe()
    before = shop.fetch(row)
    shop.gateway.cancel_at_period_end(row)
    shop.gateway.cancel_at_period_end(row)
    cancelled = shop.fetch(row)
    assert (cancelled.state, cancelled.current_period_end) == (State.CANCELLED, before.current_period_end)
    shop.gateway.resume(row)
    shop.gateway.resume(row)
    assert shop.fetch(row) == before


def test_what_was_cancelled_ends_with_its_period(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.cancel_at_period_end(row)
    end = shop.fetch(row).current_period_end
    shop.stripe.stop_at(end + HOUR)
    truth = shop.fetch(row)
    assert (truth.state, truth.ended_at, len(truth.payments)) == (State.ENDED, end, 1)
    with pytest.raises((Refused, NotThere)):
        shop.gateway.resume(row)


def test_a_trial_can_be_cancelled_too(shop: Shop) -> None:
    row = shop.subscribe(trial_days=7)
    shop.gateway.cancel_at_period_end(row)
    assert shop.fetch(row).state == State.CANCELLED
    shop.gateway.resume(row)
    assert shop.fetch(row).state == State.TRIALING


@pytest.mark.parametrize("after", [HOUR / 3, 2 * HOUR], ids=["before it is charged", "when it was charged in vain"])
def test_whoever_cancels_what_is_not_paid_is_ended_and_never_charged_for_it(shop: Shop, after: timedelta) -> None:
    row = shop.subscribe(card="fails_later")
    shop.stripe.stop_at(shop.fetch(row).current_period_end + after)
    shop.gateway.cancel_at_period_end(row)
    shop.change_card(row, "works")
    shop.stripe.advance(days=10)
    truth = shop.fetch(row)
    assert truth.state == State.ENDED
    assert [payment.status for payment in truth.payments] == [InvoiceStatus.PAID, InvoiceStatus.VOID]


def test_what_is_ended_now_is_over_and_ending_it_again_is_no_error(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.cancel_now(row)
    shop.gateway.cancel_now(row)
    truth = shop.fetch(row)
    assert truth.state == State.ENDED
    assert [payment.returned for payment in truth.payments] == [0]
    row.reference = "sub_unknown"
    with pytest.raises(NotThere):
        shop.gateway.cancel_now(row)


def paused(shop: Shop, *, months: int) -> tuple[Subscription, Truth]:
    """Somebody who has paid for a month and then pauses; as it was before."""
    row = shop.subscribe()
    before = shop.fetch(row)
    shop.gateway.pause(row, until=before.current_period_end + months * 31 * DAY)
    return row, before


def test_in_a_pause_nothing_is_asked_for(shop: Shop) -> None:
    row, before = paused(shop, months=2)
    truth = shop.fetch(row)
    assert truth.state == State.PAUSED
    assert truth.resumes_at == before.current_period_end + 2 * 31 * DAY - HOUR
    shop.stripe.stop_at(before.current_period_end + DAY)
    paid, void = shop.fetch(row).payments
    assert (paid.status, void.status, void.paid) == (InvoiceStatus.PAID, InvoiceStatus.VOID, 0)


def test_a_pause_is_over_by_itself(shop: Shop) -> None:
    row, _ = paused(shop, months=1)
    shop.stripe.advance(days=31 + 31 + 31)
    truth = shop.fetch(row)
    assert (truth.state, truth.resumes_at) == (State.ACTIVE, None)
    assert truth.payments[-1].status == InvoiceStatus.PAID


def test_whoever_comes_back_in_paid_time_pays_nothing(shop: Shop) -> None:
    row, before = paused(shop, months=1)
    shop.gateway.unpause(row)
    assert shop.fetch(row) == before


def test_whoever_comes_back_later_pays_for_a_month_from_now(shop: Shop) -> None:
    row, before = paused(shop, months=2)
    back_at = before.current_period_end.replace(microsecond=0) + 5 * DAY
    shop.stripe.stop_at(back_at)
    shop.gateway.unpause(row)
    truth = shop.fetch(row)
    last = truth.payments[-1]
    assert truth.state == State.ACTIVE
    assert (last.status, last.paid, last.period_start) == (InvoiceStatus.PAID, MONTH, back_at)
    assert last.period_end == truth.current_period_end


def test_whoever_goes_on_twice_is_asked_for_one_month(shop: Shop) -> None:
    row = shop.subscribe(card="fails_later")
    end = shop.fetch(row).current_period_end
    shop.gateway.pause(row, until=end + 62 * DAY)
    shop.stripe.stop_at(end + 10 * DAY)
    shop.gateway.unpause(row)
    shop.stripe.advance(minutes=1)
    shop.gateway.unpause(row)
    asked_for = [each for each in shop.fetch(row).payments if each.status == InvoiceStatus.OPEN]
    assert len(asked_for) == 1


def test_whoever_pauses_again_on_the_same_day_can_go_on_again(shop: Shop) -> None:
    row, before = paused(shop, months=1)
    shop.gateway.unpause(row)
    shop.gateway.pause(row, until=before.current_period_end + 31 * DAY)
    shop.gateway.unpause(row)
    assert shop.fetch(row) == before


def test_a_pause_takes_back_an_end_that_staff_have_set(shop: Shop) -> None:
    row = shop.subscribe()
    before = shop.fetch(row)
    client().v1.subscriptions.update(row.reference, params={"cancel_at": stamp(before.current_period_end + 9 * DAY)})
    assert shop.fetch(row).state == State.CANCELLED
    shop.gateway.pause(row, until=before.current_period_end + 31 * DAY)
    assert shop.fetch(row).state == State.PAUSED


def test_whoever_pauses_instead_of_leaving_has_not_left(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.cancel_at_period_end(row)
    shop.gateway.pause(row, until=timezone.now() + 60 * DAY)
    assert shop.fetch(row).state == State.PAUSED
    shop.gateway.cancel_at_period_end(row)
    assert shop.fetch(row).state == State.CANCELLED


def test_a_longer_price_is_charged_at_once_as_the_preview_said(shop: Shop) -> None:
    row = shop.subscribe()
    agreed = shop.gateway.preview(row, shop.year)
    assert (agreed.currency, agreed.at_once, agreed.next_payment) == ("USD", True, YEAR)
    assert YEAR - MONTH <= agreed.due_now < YEAR - MONTH + 50
    # The member reads the preview for a while.
    shop.stripe.advance(hours=2)
    assert not shop.gateway.change_price(
        row, shop.year, return_url=RETURN, cancel_url=CANCEL, agreed=agreed
    ).consent_url
    truth = shop.fetch(row)
    former, change = truth.payments
    assert truth.price_reference == shop.year.stripe_id
    assert (change.status, change.paid, change.replaces_former) == (InvoiceStatus.PAID, agreed.due_now, True)
    assert former.period_start < change.period_start < former.period_end
    assert (change.period_start, change.period_end) == (truth.current_period_start, truth.current_period_end)
    assert abs(truth.current_period_end - agreed.next_payment_at) < 3 * HOUR


def test_a_change_that_is_sent_twice_is_made_once(shop: Shop) -> None:
    row = shop.subscribe()
    agreed = shop.gateway.preview(row, shop.year)
    for _ in range(2):
        shop.gateway.change_price(row, shop.year, return_url=RETURN, cancel_url=CANCEL, agreed=agreed)
    assert len(shop.fetch(row).payments) == 2


def test_a_shorter_price_puts_the_rest_to_the_members_credit(shop: Shop) -> None:
    row = shop.subscribe()
    change_to_year(shop, row)
    agreed = shop.gateway.preview(row, shop.month)
    assert MONTH - YEAR <= agreed.due_now < MONTH - YEAR + 50
    shop.gateway.change_price(row, shop.month, return_url=RETURN, cancel_url=CANCEL, agreed=agreed)
    truth = shop.fetch(row)
    change = truth.payments[-1]
    assert (change.status, change.total, change.paid) == (InvoiceStatus.PAID, agreed.due_now, 0)
    assert change.replaces_former
    assert balance_of(row) == agreed.due_now
    assert timedelta(days=27) < change.period_end - change.period_start < timedelta(days=32)

    shop.stripe.stop_at(truth.current_period_end + 2 * HOUR)
    renewal = shop.fetch(row).payments[-1]
    assert (renewal.status, renewal.total, renewal.paid) == (InvoiceStatus.PAID, MONTH, 0)


def test_a_change_in_a_trial_costs_nothing_yet(shop: Shop) -> None:
    row = shop.subscribe(trial_days=7)
    trial_end = shop.fetch(row).trial_ends_at
    agreed = shop.gateway.preview(row, shop.year)
    assert (agreed.due_now, agreed.next_payment, agreed.next_payment_at) == (0, YEAR, trial_end)
    shop.gateway.change_price(row, shop.year, return_url=RETURN, cancel_url=CANCEL, agreed=agreed)
    truth = shop.fetch(row)
    assert (truth.state, truth.price_reference) == (State.TRIALING, shop.year.stripe_id)
    assert [payment.is_trial for payment in truth.payments] == [True] * len(truth.payments)
    shop.stripe.advance(days=7, hours=2)
    assert shop.fetch(row).payments[-1].paid == YEAR


def refuses_to_change(shop: Shop, row: Subscription) -> bool:
    """To any price, whether a preview is asked for first or not; nothing is put to their credit then."""
    for price in (shop.month, shop.year):
        with pytest.raises(Refused, match="unpaid_period"):
            shop.gateway.preview(row, price)
        with pytest.raises(Refused, match="is not paid yet, or was given back"):
            shop.gateway.change_price(row, price, return_url=RETURN, cancel_url=CANCEL, agreed=None)
    return balance_of(row) == 0


@pytest.mark.parametrize("after", [HOUR / 3, 2 * HOUR], ids=["before it is charged", "when it was charged in vain"])
def test_time_that_is_not_paid_is_no_credit(shop: Shop, after: timedelta) -> None:
    row = shop.subscribe(card="fails_later")
    shop.stripe.stop_at(shop.fetch(row).current_period_end + after)
    assert refuses_to_change(shop, row)


@pytest.mark.parametrize("how", ["dispute", "refund"])
def test_time_that_was_given_back_is_no_credit(shop: Shop, how: str) -> None:
    row = shop.subscribe()
    change_to_year(shop, row)
    invoice = shop.fetch(row).payments[-1]
    if how == "dispute":
        shop.stripe.control("stripe/dispute", invoice=invoice.reference)
    else:
        shop.gateway.refund(invoice.reference, amount=invoice.paid, currency="USD", key="all")
    assert refuses_to_change(shop, row)


def test_time_of_which_a_part_was_given_back_can_be_changed(shop: Shop) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    shop.gateway.refund(payment.reference, amount=1500, currency="USD", key="part")
    change_to_year(shop, row)
    assert shop.fetch(row).price_reference == shop.year.stripe_id


@pytest.mark.parametrize("card", ["declined", "secure_always"])
def test_a_change_that_cannot_be_charged_waits_for_the_member(shop: Shop, card: str) -> None:
    row = shop.subscribe()
    shop.change_card(row, card)
    consent_url = change_to_year(shop, row).consent_url
    assert consent_url
    truth = shop.fetch(row)
    paid, waiting = truth.payments
    assert (truth.state, truth.price_reference) == (State.ACTIVE, shop.month.stripe_id)
    assert (paid.status, waiting.status) == (InvoiceStatus.PAID, InvoiceStatus.OPEN)

    pay(consent_url)
    truth = shop.fetch(row)
    assert truth.price_reference == shop.year.stripe_id
    assert truth.payments[-1].status == InvoiceStatus.PAID


def test_money_goes_back_once_for_one_key(shop: Shop) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    for _ in range(2):
        shop.gateway.refund(payment.reference, amount=1500, currency="USD", key="first")
    assert shop.fetch(row).payments[0].returned == 1500
    shop.gateway.refund(payment.reference, amount=MONTH - 1500, currency="USD", key="second")
    assert shop.fetch(row).payments[0].returned == MONTH


@pytest.mark.parametrize(("amount", "currency"), [(MONTH + 1, "USD"), (MONTH, "EUR")])
def test_what_was_not_paid_does_not_go_back(shop: Shop, amount: int, currency: str) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    with pytest.raises(Refused):
        shop.gateway.refund(payment.reference, amount=amount, currency=currency, key="too much")
    with pytest.raises(NotThere):
        shop.gateway.refund("in_unknown", amount=amount, currency=currency, key="unknown")
    assert shop.fetch(row).payments[0].returned == 0
