"""The stand-in's API as such: keys, idempotency, errors, lists, events, signatures."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import stripe

from tests.counterparts.process import STRIPE_KEY, STRIPE_SECRET, Counterparts
from tests.counterparts.shop import START, Shop, client_of


def test_a_wrong_key_is_refused(counterparts: Counterparts) -> None:
    stranger = stripe.StripeClient("sk_test_wrong", base_addresses={"api": counterparts.stripe}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.products.list()
    assert counterparts.client.get("/stripe/v1/products").status_code == 401


def test_an_unknown_id_is_404(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.stripe.v1.subscriptions.retrieve("sub_unknown")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"colour": "red", "name": "Tea"}, "Received unknown parameter: colour"),
        ({"name": "Tea", "active": "maybe"}, "Invalid boolean"),
        ({}, "Missing required param: name"),
    ],
)
def test_what_makes_no_sense_is_refused(shop: Shop, params: dict[str, Any], said: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=said):
        shop.stripe.v1.products.create(params)


def test_the_same_key_gets_the_same_answer(shop: Shop) -> None:
    first = shop.stripe.v1.customers.create({"email": "lea@howtoai.example"}, {"idempotency_key": "one"})
    again = shop.stripe.v1.customers.create({"email": "lea@howtoai.example"}, {"idempotency_key": "one"})
    assert first.id == again.id
    assert len(shop.stripe.v1.customers.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        shop.stripe.v1.customers.create({"email": "somebody@howtoai.example"}, {"idempotency_key": "one"})
    event = shop.counterparts.events(kind="customer.created")[0]
    assert event["request"]["idempotency_key"] == "one"


def test_lists_are_read_page_by_page(shop: Shop) -> None:
    made = [shop.stripe.v1.customers.create({"name": str(number)}).id for number in range(5)]
    page = shop.stripe.v1.customers.list({"limit": 2})
    assert [customer.id for customer in page.data] == made[:2:-1]
    assert page.has_more
    assert [customer.id for customer in page.auto_paging_iter()] == made[::-1]
    before = shop.stripe.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert [customer.id for customer in before.data] == [made[2], made[1]]


def test_lists_are_narrowed_down(shop: Shop) -> None:
    shop.stripe.v1.prices.update(shop.month.id, {"lookup_key": "premium_month"})
    found = shop.stripe.v1.prices.list({"lookup_keys": ["premium_month"]}).data
    assert [price.id for price in found] == [shop.month.id]
    subscription = shop.subscribe()
    shop.counterparts.advance(days=1)
    later = int((START + timedelta(hours=1)).timestamp())
    assert shop.stripe.v1.invoices.list({"created": {"gte": later}}).data == []
    assert len(shop.stripe.v1.invoices.list({"created": {"lt": later}, "status": "paid"}).data) == 1
    assert len(shop.stripe.v1.invoices.list({"customer": str(subscription.customer)}).data) == 1
    (payment,) = shop.stripe.v1.invoice_payments.list({"invoice": str(subscription.latest_invoice)}).data
    intent = str(payment.payment.payment_intent)
    same = shop.stripe.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent}})
    assert [one.id for one in same.data] == [payment.id]


def test_a_lookup_key_moves_to_a_new_price_if_it_is_said_so(shop: Shop) -> None:
    params: Any = {
        "product": shop.product.id,
        "unit_amount": 6000,
        "currency": "usd",
        "recurring": {"interval": "month"},
        "lookup_key": "premium",
    }
    first = shop.stripe.v1.prices.create(params)
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        shop.stripe.v1.prices.create(params)
    second = shop.stripe.v1.prices.create({**params, "transfer_lookup_key": True})
    assert shop.stripe.v1.prices.retrieve(first.id).lookup_key is None
    assert second.lookup_key == "premium"


def test_events_are_signed_as_stripe_signs_them(shop: Shop) -> None:
    shop.subscribe()
    event = shop.counterparts.events(kind="invoice.paid")[0]
    (signed,) = shop.counterparts.signed(event["id"])
    read = stripe.Webhook.construct_event(signed.body, signed.headers["Stripe-Signature"], STRIPE_SECRET)
    assert (read.type, read.api_version) == ("invoice.paid", "2026-05-27.dahlia")
    stamp = int(signed.headers["Stripe-Signature"].split(",")[0].removeprefix("t="))
    # Not the clock of subscriptions, which stands in January.
    assert abs(stamp - time.time()) < 60
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(signed.body + b" ", signed.headers["Stripe-Signature"], STRIPE_SECRET)


def test_events_are_listed_for_thirty_days(shop: Shop) -> None:
    shop.subscribe()
    (paid,) = shop.stripe.v1.events.list({"type": "invoice.paid"}).data
    assert shop.stripe.v1.events.retrieve(paid.id).data.object["status"] == "paid"
    assert len(shop.stripe.v1.events.list({"types": ["invoice.paid", "invoice.created"]}).data) == 2
    assert shop.stripe.v1.events.list({"type": "invoice.paid", "delivery_success": True}).data == []
    shop.counterparts.advance(days=30)
    assert [event.created for event in shop.stripe.v1.events.list({"type": "invoice.created"}).data] == [
        int((START + timedelta(days=28)).timestamp())
    ]
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.events.retrieve(paid.id)


def test_what_was_before_is_told_with_an_update(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"name": "Lea", "metadata": {"member": "17", "plan": "free"}})
    shop.stripe.v1.customers.update(customer.id, {"name": "Lea Learner", "metadata": {"plan": ""}})
    event = shop.counterparts.events(kind="customer.updated")[-1]
    assert event["data"]["previous_attributes"] == {"name": "Lea", "metadata": {"plan": "free"}}
    assert event["data"]["object"]["metadata"] == {"member": "17"}


def test_an_api_in_trouble_answers_accordingly(shop: Shop) -> None:
    control = shop.counterparts.control
    control("trouble", provider="stripe", trouble="down")
    with pytest.raises(stripe.APIError) as refused:
        shop.stripe.v1.products.list()
    assert refused.value.http_status == 503
    control("trouble", provider="stripe", trouble="nonsense")
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        shop.stripe.v1.products.list()
    control("trouble", provider="stripe", trouble="slow", seconds=0.1)
    assert shop.stripe.v1.products.list().data
    control("trouble", provider="stripe", trouble="")
    shop.counterparts.client.get("/control/events")


def test_the_account_is_shown(shop: Shop) -> None:
    account = shop.stripe.v1.accounts.retrieve_current()
    assert account.id.startswith("acct_")
    assert shop.stripe.v1.accounts.list().data == []
    assert shop.stripe.v1.products.features.list(shop.product.id).data == []


def test_what_was_deleted_is_gone(shop: Shop) -> None:
    subscription = shop.subscribe()
    assert shop.stripe.v1.customers.delete(str(subscription.customer)).deleted
    assert shop.subscription(subscription.id).status == "canceled"
    gone = json.loads(str(shop.stripe.v1.customers.retrieve(str(subscription.customer))))
    assert gone == {"deleted": True, "id": subscription.customer, "object": "customer"}


def test_two_clients_see_one_world(counterparts: Counterparts) -> None:
    client_of(counterparts).v1.products.create({"name": "Premium"})
    assert len(client_of(counterparts).v1.products.list().data) == 1


def test_an_unknown_address_is_404_in_stripes_words(shop: Shop) -> None:
    answer = shop.counterparts.client.get(
        "/stripe/v1/quotes?limit=1", headers={"Authorization": f"Bearer {STRIPE_KEY}"}
    )
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Unrecognized request URL (GET: /v1/quotes)."


def test_what_is_refused_changes_nothing(shop: Shop) -> None:
    subscription = shop.subscribe()
    for refused in ({"discounts": [{"coupon": "none"}]}, {"pause_collection": {"resumes_at": 1}}):
        with pytest.raises(stripe.InvalidRequestError):
            shop.stripe.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}, **refused})
    assert shop.subscription(subscription.id).metadata.to_dict() == {}
    coupon = shop.stripe.v1.coupons.create({"percent_off": 10, "duration": "once", "max_redemptions": 1})
    shop.subscribe(discounts=[{"coupon": coupon.id}])
    with pytest.raises(stripe.InvalidRequestError, match="Coupon expired"):
        shop.subscribe(discounts=[{"coupon": coupon.id}])
    assert len(shop.stripe.v1.subscriptions.list().data) == 2


def test_an_item_is_changed_by_itself(shop: Shop) -> None:
    subscription = shop.subscribe()
    (item,) = shop.stripe.v1.subscription_items.list({"subscription": subscription.id}).data
    changed = shop.stripe.v1.subscription_items.update(item.id, {"quantity": 3})
    assert changed.quantity == 3
    assert shop.stripe.v1.subscription_items.retrieve(item.id).quantity == 3
