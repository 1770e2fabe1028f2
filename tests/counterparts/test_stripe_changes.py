"""Changes of a subscription at the stand-in for Stripe: what the preview says is what is invoiced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.counterparts.shop import START, Shop

DAY = 24 * 3600
# From 31 January to 28 February.
PERIOD = 28 * DAY


def preview(shop: Shop, subscription: Any, price: Any, **more: Any) -> Any:
    return shop.stripe.v1.invoices.create_preview(
        {"subscription": subscription.id, "subscription_details": {"items": wanted(subscription, price), **more}}
    )


def change(shop: Shop, subscription: Any, price: Any, **more: Any) -> Any:
    return shop.stripe.v1.subscriptions.update(subscription.id, {"items": wanted(subscription, price), **more})


def wanted(subscription: Any, price: Any) -> Any:
    return [{"id": subscription["items"].data[0].id, "price": price.id}]


def invoiced(shop: Shop, subscription: Any) -> Any:
    return shop.stripe.v1.invoices.retrieve(str(shop.subscription(subscription.id).latest_invoice))


def amounts(invoice: Any) -> list[tuple[str | None, int, int, int]]:
    return [(line.description, line.amount, line.period.start, line.period.end) for line in invoice.lines.data]


def test_from_month_to_year_the_rest_of_the_month_is_given_back(shop: Shop) -> None:
    subscription = shop.subscribe()
    at = int((START + timedelta(days=10, seconds=7)).timestamp())
    shop.counterparts.advance(days=10, seconds=7)
    shown = preview(shop, subscription, shop.year, proration_date=at)
    # Half up: 5000 cents for 28 days, of which 18 days less 7 seconds are left.
    back = round(5000 * (PERIOD - 10 * DAY - 7) / PERIOD)
    assert [line.amount for line in shown.lines.data] == [-back, 50000]
    assert (shown.total, shown.amount_due) == (50000 - back, 50000 - back)
    changed = change(shop, subscription, shop.year, proration_date=at)
    invoice = invoiced(shop, subscription)
    assert amounts(invoice) == amounts(shown)
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == (
        "paid",
        50000 - back,
        "subscription_update",
    )
    item = changed["items"].data[0]
    assert (item.current_period_start, changed.billing_cycle_anchor) == (at, at)
    assert datetime.fromtimestamp(item.current_period_end, UTC) == datetime(2027, 2, 10, 12, 0, 7, tzinfo=UTC)
    credit = invoice.lines.data[0].parent.subscription_item_details
    assert credit.proration
    assert credit.proration_details.credited_items.invoice == subscription.latest_invoice


def test_from_year_to_month_what_is_left_is_kept_in_credit(shop: Shop) -> None:
    customer = shop.make_customer()
    subscription = shop.stripe.v1.subscriptions.create({"customer": customer.id, "items": [{"price": shop.year.id}]})
    shop.counterparts.advance(days=73)
    shown = preview(shop, subscription, shop.month)
    change(shop, subscription, shop.month)
    # A fifth of the year is over.
    assert shown.total == 5000 - 40000
    assert (shown.amount_due, shown.ending_balance) == (0, -35000)
    invoice = invoiced(shop, subscription)
    assert amounts(invoice) == amounts(shown)
    assert (invoice.status, invoice.amount_paid, invoice.ending_balance) == ("paid", 0, -35000)
    assert shop.stripe.v1.customers.retrieve(customer.id).balance == -35000
    shop.counterparts.advance(days=31)
    renewal = shop.stripe.v1.invoices.list().data[0]
    assert (renewal.total, renewal.amount_due, renewal.starting_balance) == (5000, 0, -35000)
    assert shop.stripe.v1.customers.retrieve(customer.id).balance == -30000


@pytest.mark.parametrize("behaviour", ["create_prorations", "always_invoice"])
def test_a_dearer_month_costs_the_difference_for_the_rest(shop: Shop, behaviour: str) -> None:
    dearer = shop.make_price(8001, "month")
    subscription = shop.subscribe()
    shop.counterparts.advance(days=7)
    shown = preview(shop, subscription, dearer, proration_behavior=behaviour)
    changed = change(shop, subscription, dearer, proration_behavior=behaviour)
    assert changed["items"].data[0].current_period_start == int(START.timestamp())
    if behaviour == "always_invoice":
        assert [line.amount for line in shown.lines.data] == [-3750, 6001]
    else:
        assert invoiced(shop, subscription).billing_reason == "subscription_create"
        shop.counterparts.advance(days=22)
        assert [line.amount for line in shown.lines.data] == [-3750, 6001, 8001]
    assert amounts(invoiced(shop, subscription)) == amounts(shown)


def test_without_proration_the_new_price_is_paid_from_the_next_period(shop: Shop) -> None:
    dearer = shop.make_price(8000, "month")
    subscription = shop.subscribe()
    shop.counterparts.advance(days=7)
    change(shop, subscription, dearer, proration_behavior="none")
    shop.counterparts.advance(days=22)
    assert invoiced(shop, subscription).amount_paid == 8000


def test_what_was_given_off_is_not_given_back(shop: Shop) -> None:
    coupon = shop.stripe.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    subscription = shop.subscribe(discounts=[{"coupon": coupon.id}])
    shop.counterparts.advance(days=14)
    shown = preview(shop, subscription, shop.year)
    change(shop, subscription, shop.year)
    assert [line.amount for line in shown.lines.data] == [-1250, 50000]
    assert shown.total == 25000 - 1250
    assert amounts(invoiced(shop, subscription)) == amounts(shown)
    assert invoiced(shop, subscription).amount_paid == shown.amount_due


def test_a_change_twice_in_a_day_is_counted_once(shop: Shop) -> None:
    subscription = shop.subscribe()
    dearer = shop.make_price(10000, "month")
    shop.counterparts.advance(days=7)
    change(shop, subscription, dearer, proration_behavior="always_invoice")
    change(shop, subscription, shop.month, proration_behavior="always_invoice")
    first, second, *_ = shop.stripe.v1.invoices.list().data
    assert (second.total, first.total) == (3750, -3750)


def test_a_trial_goes_on_when_the_price_changes(shop: Shop) -> None:
    subscription = shop.subscribe(trial_period_days=7)
    changed = change(shop, subscription, shop.year)
    assert (changed.status, changed.trial_end) == ("trialing", subscription.trial_end)
    shop.counterparts.advance(days=8)
    assert invoiced(shop, subscription).amount_paid == 50000


def test_a_trial_ends_at_once(shop: Shop) -> None:
    subscription = shop.subscribe(trial_period_days=7)
    shop.counterparts.advance(days=1)
    ended = shop.stripe.v1.subscriptions.update(subscription.id, {"trial_end": "now"})
    assert (ended.status, ended.trial_end) == ("active", int((START + timedelta(days=1)).timestamp()))
    assert invoiced(shop, subscription).amount_paid == 5000


def test_a_trial_is_made_longer(shop: Shop) -> None:
    subscription = shop.subscribe(trial_period_days=7)
    until = int((START + timedelta(days=20)).timestamp())
    shop.stripe.v1.subscriptions.update(subscription.id, {"trial_end": until})
    shop.counterparts.advance(days=19)
    assert shop.subscription(subscription.id).status == "trialing"
    assert len(shop.counterparts.events(kind="customer.subscription.trial_will_end")) == 1
    shop.counterparts.advance(days=1, hours=1)
    assert invoiced(shop, subscription).amount_paid == 5000


def test_the_next_renewal_is_previewed(shop: Shop) -> None:
    subscription = shop.subscribe()
    shown = shop.stripe.v1.invoices.create_preview({"subscription": subscription.id})
    assert (shown.total, shown.billing_reason) == (5000, "subscription_cycle")
    shop.counterparts.advance(days=29)
    assert amounts(invoiced(shop, subscription)) == amounts(shown)


def test_a_change_that_the_card_does_not_pay_for_waits_if_it_shall(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.control("stripe/card", customer=str(subscription.customer), kind="fails_later")
    waiting = change(shop, subscription, shop.year, payment_behavior="pending_if_incomplete")
    assert waiting.status == "active"
    assert waiting["items"].data[0].price.id == shop.month.id
    assert waiting.pending_update is not None
    invoice = invoiced(shop, subscription)
    assert invoice.status == "open"
    shop.fill_in(invoice.hosted_invoice_url, card="works")
    changed = shop.subscription(subscription.id)
    assert changed.pending_update is None
    assert changed["items"].data[0].price.id == shop.year.id


def test_a_change_that_waited_too_long_is_dropped(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.control("stripe/card", customer=str(subscription.customer), kind="fails_later")
    change(shop, subscription, shop.year, payment_behavior="pending_if_incomplete")
    shop.counterparts.advance(hours=23)
    same = shop.subscription(subscription.id)
    assert (same.pending_update, same.status) == (None, "active")
    assert invoiced(shop, subscription).status == "void"
    shop.counterparts.control("stripe/card", customer=str(subscription.customer), kind="works")
    shop.counterparts.advance(days=28)
    assert invoiced(shop, subscription).amount_paid == 5000


def test_a_change_that_must_not_fail_does_not_happen(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.control("stripe/card", customer=str(subscription.customer), kind="fails_later")
    with pytest.raises(stripe.CardError):
        change(shop, subscription, shop.year, payment_behavior="error_if_incomplete")
    assert shop.subscription(subscription.id)["items"].data[0].price.id == shop.month.id
    assert len(shop.stripe.v1.invoices.list().data) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"proration_date": 1}, "outside of the current period"),
        ({"payment_behavior": "pending_if_incomplete", "metadata": {"a": "b"}}, "not supported"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(shop: Shop, fields: dict[str, Any], said: str) -> None:
    subscription = shop.subscribe()
    with pytest.raises(stripe.InvalidRequestError, match=said):
        change(shop, subscription, shop.year, **fields)
    assert shop.subscription(subscription.id)["items"].data[0].price.id == shop.month.id
