"""A member's way through a subscription by PayPal, from the wish to the end, with its webhooks at our door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import Client

from billing.access import may_read
from billing.levels import PREMIUM
from billing.models import Interval, Invoice, ProviderEvent, State, Subscription
from billing.services import subscribing
from billing.services.applying import apply_due
from billing.services.subscribing import Wish
from tests.billing.paypal_shop import START, Shop
from tests.billing.paypal_shop import shop as shop  # noqa: PLC0414 - a fixture
from tests.billing.shops import CANCEL, DAY, MONTH, RETURN

DUE = datetime(2027, 2, 28, 15, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WISH = Wish(plan="premium", interval="month", provider="paypal", return_url=RETURN, cancel_url=CANCEL)


def deliver(shop: Shop, visitor: Client) -> None:
    """All that PayPal told since the last time, the newest first and each of it twice."""
    known = set(ProviderEvent.objects.values_list("event_id", flat=True))
    names = [event["id"] for event in shop.paypal.events()[::-1] if event["id"] not in known]
    for given in [*shop.paypal.signed(*names), *shop.paypal.signed(*names)]:
        answer = visitor.post("/webhooks/paypal", given.body, "application/json", headers=given.headers)
        assert answer.status_code == 200, answer.content
    apply_due()


def mine(shop: Shop) -> Subscription:
    return Subscription.objects.get(user=shop.user)


def is_open(shop: Shop, at: datetime) -> bool:
    return may_read(shop.user, PREMIUM, at).allowed


def test_a_member_pays_and_each_month_is_open_as_it_is_paid(shop: Shop, visitor: Client) -> None:
    outcome = subscribing.subscribe(user=shop.user, wish=WISH)
    deliver(shop, visitor)
    # That somebody was asked changes nothing: the same page can still be gone on with.
    assert subscribing.subscribe(user=shop.user, wish=WISH).redirect_url == outcome.redirect_url
    assert (mine(shop).state, is_open(shop, START)) == (State.INCOMPLETE, False)
    shop.paypal.client.post(outcome.redirect_url, data={"decision": "agree", "wallet": "works"})
    deliver(shop, visitor)
    assert (mine(shop).state, mine(shop).current_period_end) == (State.ACTIVE, DUE)
    shop.move_to(DUE + DAY)
    deliver(shop, visitor)
    assert [invoice.total for invoice in Invoice.objects.filter(user=shop.user)] == [MONTH, MONTH]
    assert is_open(shop, DUE + 30 * DAY)
    assert not ProviderEvent.objects.waiting().exists()


def test_the_gate_closes_at_the_very_second_at_which_what_is_paid_is_over(shop: Shop, visitor: Client) -> None:
    subscribing.subscribe(user=shop.user, wish=WISH)
    shop.consent(mine(shop).checkout_reference)
    deliver(shop, visitor)
    subscribing.cancel(user=shop.user)
    assert mine(shop).state == State.CANCELLED
    assert (is_open(shop, DUE - SECOND), is_open(shop, DUE)) == (True, False)
    subscribing.resume(user=shop.user)
    deliver(shop, visitor)
    assert mine(shop).state == State.ACTIVE
    assert is_open(shop, DUE + DAY)


def test_somebody_whose_webhooks_are_lost_is_let_in_when_they_come_back(shop: Shop) -> None:
    shop.paypal.control("mode", mode="lose")
    subscribing.subscribe(user=shop.user, wish=WISH)
    shop.consent(mine(shop).checkout_reference)
    subscription = subscribing.look_for_payment(user=shop.user)
    assert subscription is not None
    assert subscription.state == State.ACTIVE
    assert is_open(shop, START)


def test_another_interval_is_consented_to_at_paypal_and_paid_when_the_month_is_over(
    shop: Shop, visitor: Client
) -> None:
    subscribing.subscribe(user=shop.user, wish=WISH)
    shop.consent(mine(shop).checkout_reference)
    deliver(shop, visitor)
    yearly = Wish(plan="premium", interval="year", return_url=RETURN, cancel_url=CANCEL)
    outcome = subscribing.subscribe(user=shop.user, wish=yearly)
    assert mine(shop).next_price is None
    shop.paypal.client.post(outcome.redirect_url, data={"decision": "agree"})
    deliver(shop, visitor)
    assert (mine(shop).price.interval, mine(shop).next_price) == (Interval.MONTH, shop.year)
    shop.move_to(DUE)
    deliver(shop, visitor)
    assert (mine(shop).price.interval, mine(shop).next_price) == (Interval.YEAR, None)
    assert is_open(shop, DUE + 364 * DAY)


def test_who_has_paid_all_back_has_nothing_open(shop: Shop, visitor: Client) -> None:
    subscribing.subscribe(user=shop.user, wish=WISH)
    shop.consent(mine(shop).checkout_reference)
    deliver(shop, visitor)
    shop.move_to(START + DAY)
    shop.paypal.control("paypal/refund", sale=Invoice.objects.get().reference)
    shop.paypal.control("paypal/cancel", id=mine(shop).reference)
    deliver(shop, visitor)
    assert Invoice.objects.get().amount_refunded == MONTH
    assert (is_open(shop, START), is_open(shop, START + DAY)) == (True, False)


def test_two_checkouts_at_once_leave_one_subscription_and_one_payment(shop: Shop, visitor: Client) -> None:
    subscribing.subscribe(user=shop.user, wish=WISH)
    first = mine(shop)
    yearly = Wish(plan="premium", interval="year", provider="paypal", return_url=RETURN, cancel_url=CANCEL)
    subscribing.subscribe(user=shop.user, wish=yearly)
    second = Subscription.objects.exclude(pk=first.pk).get()
    for row in (first, second):
        shop.consent(row.checkout_reference)
    deliver(shop, visitor)
    assert Subscription.objects.live().count() == 1
    assert min(invoice.total - invoice.amount_refunded for invoice in Invoice.objects.all()) == 0
