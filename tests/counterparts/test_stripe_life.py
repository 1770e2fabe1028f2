"""A subscription at the stand-in for Stripe, from its start to its end, driven by the official library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.counterparts.shop import START, Shop

HOUR = 3600


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def period(subscription: Any) -> tuple[datetime, datetime]:
    item = subscription["items"].data[0]
    return (
        datetime.fromtimestamp(item.current_period_start, UTC),
        datetime.fromtimestamp(item.current_period_end, UTC),
    )


def test_a_subscription_starts_paid_for(shop: Shop) -> None:
    subscription = shop.subscribe(metadata={"member": "17"})
    assert subscription.status == "active"
    assert period(subscription) == (START, datetime(2026, 2, 28, 12, tzinfo=UTC))
    invoice = shop.stripe.v1.invoices.retrieve(
        str(subscription.latest_invoice), {"expand": ["payments.data.payment.payment_intent"]}
    )
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ("paid", 5000, "subscription_create")
    assert invoice.parent.subscription_details.metadata["member"] == "17"
    intent = invoice.payments.data[0].payment.payment_intent
    charge = shop.stripe.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount, charge.status) == (5000, "succeeded")
    assert [kind for kind in shop.kinds() if kind.startswith(("customer.subscription", "invoice"))] == [
        "invoice.created",
        "customer.subscription.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]


def test_it_renews_on_the_day_on_which_it_began(shop: Shop) -> None:
    subscription = shop.subscribe()
    ends = []
    for _ in range(3):
        shop.counterparts.stop_at(period(subscription)[1] + timedelta(hours=1))
        subscription = shop.subscription(subscription.id)
        ends.append(period(subscription)[1].strftime("%d %B"))
    assert ends == ["31 March", "30 April", "31 May"]
    invoices = shop.stripe.v1.invoices.list({"subscription": subscription.id}).data
    assert [invoice.amount_paid for invoice in invoices] == [5000, 5000, 5000, 5000]
    assert len({invoice.number for invoice in invoices}) == 4


def test_the_invoice_of_a_renewal_is_a_draft_for_an_hour(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.advance(days=28)
    renewed = shop.subscription(subscription.id)
    assert renewed.status == "active"
    invoice = shop.stripe.v1.invoices.retrieve(str(renewed.latest_invoice))
    assert (invoice.status, invoice.billing_reason) == ("draft", "subscription_cycle")
    assert invoice.automatically_finalizes_at == seconds(START + timedelta(days=28, hours=1))
    shop.counterparts.advance(hours=1)
    assert shop.stripe.v1.invoices.retrieve(invoice.id).status == "paid"
    (line,) = invoice.lines.data
    assert (line.period.start, line.period.end) == (period(renewed)[0].timestamp(), period(renewed)[1].timestamp())
    assert "invoice.upcoming" in shop.kinds()


def test_a_trial_ends_with_a_payment_and_says_so_three_days_before(shop: Shop) -> None:
    subscription = shop.subscribe(trial_period_days=14)
    assert (subscription.status, subscription.trial_end) == ("trialing", seconds(START + timedelta(days=14)))
    shop.counterparts.advance(days=10, hours=23)
    assert "customer.subscription.trial_will_end" not in shop.kinds()
    shop.counterparts.advance(hours=1)
    assert "customer.subscription.trial_will_end" in shop.kinds()
    shop.counterparts.advance(days=3)
    subscription = shop.subscription(subscription.id)
    assert subscription.status == "active"
    assert shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice)).status == "draft"
    shop.counterparts.advance(hours=1)
    assert shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice)).amount_paid == 5000


@pytest.mark.parametrize(("agreed", "status"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_without_a_card_ends_as_agreed(shop: Shop, agreed: str, status: str) -> None:
    session = shop.open_checkout(
        payment_method_collection="if_required",
        subscription_data={
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": agreed}},
        },
    )
    shop.fill_in(session.url, card="", email="lea@howtoai.example")
    (subscription,) = shop.stripe.v1.subscriptions.list({"status": "all"}).data
    shop.counterparts.advance(days=7)
    assert shop.subscription(subscription.id).status == status


def test_what_is_paused_without_a_card_is_resumed_with_one(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "lea@howtoai.example"})
    subscription = shop.stripe.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": shop.month.id}],
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        }
    )
    shop.counterparts.advance(days=8)
    assert shop.subscription(subscription.id).status == "paused"
    shop.counterparts.control("stripe/card", customer=customer.id, kind="works")
    subscription = shop.stripe.v1.subscriptions.resume(subscription.id, {"billing_cycle_anchor": "now"})
    assert subscription.status == "active"
    assert period(subscription)[0] == START + timedelta(days=8)
    assert shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice)).amount_paid == 5000
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(shop.kinds())


def test_it_ends_with_its_period_or_does_not_after_all(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.advance(days=3)
    leaving = shop.stripe.v1.subscriptions.update(
        subscription.id, {"cancel_at_period_end": True, "cancellation_details": {"feedback": "unused"}}
    )
    assert (leaving.status, leaving.cancel_at) == ("active", seconds(period(subscription)[1]))
    assert leaving.canceled_at == seconds(START + timedelta(days=3))
    assert leaving.cancellation_details["feedback"] == "unused"
    event = shop.counterparts.events(kind="customer.subscription.updated")[-1]
    assert event["data"]["previous_attributes"]["cancel_at_period_end"] is False
    staying = shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (staying.cancel_at, staying.canceled_at) == (None, None)
    shop.counterparts.advance(days=28)
    assert shop.subscription(subscription.id).status == "active"
    shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    shop.counterparts.advance(days=31)
    ended = shop.subscription(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", seconds(datetime(2026, 3, 31, 12, tzinfo=UTC)))
    assert shop.counterparts.events(kind="customer.subscription.deleted")[0]["created"] == ended.ended_at
    assert len(shop.stripe.v1.invoices.list({"subscription": subscription.id}).data) == 2


def test_it_ends_at_once(shop: Shop) -> None:
    subscription = shop.subscribe()
    ended = shop.stripe.v1.subscriptions.cancel(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", seconds(START))
    assert shop.stripe.v1.subscriptions.list({"customer": str(ended.customer)}).data == []
    assert len(shop.stripe.v1.subscriptions.list({"status": "canceled"}).data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        shop.stripe.v1.subscriptions.cancel(subscription.id)
    shop.counterparts.advance(days=60)
    assert len(shop.stripe.v1.invoices.list().data) == 1


@pytest.mark.parametrize(("behaviour", "status"), [("void", "void"), ("mark_uncollectible", "uncollectible")])
def test_while_it_is_paused_nothing_is_collected(shop: Shop, behaviour: str, status: str) -> None:
    subscription = shop.subscribe()
    until = START + timedelta(days=40)
    paused = shop.stripe.v1.subscriptions.update(
        subscription.id,
        {"pause_collection": {"behavior": behaviour, "resumes_at": seconds(until)}},
    )
    assert paused.status == "active"
    shop.counterparts.advance(days=29)
    assert shop.stripe.v1.invoices.list().data[0].status == status
    shop.counterparts.advance(days=11)
    assert shop.subscription(subscription.id).pause_collection is None
    shop.counterparts.advance(days=20)
    assert shop.stripe.v1.invoices.list().data[0].status == "paid"


def test_a_pause_is_ended_by_hand(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.stripe.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    resumed = shop.stripe.v1.subscriptions.update(subscription.id, {"pause_collection": ""})
    assert resumed.pause_collection is None
    shop.counterparts.advance(days=29)
    assert shop.stripe.v1.invoices.list().data[0].status == "paid"
