"""dj-stripe mirrors every kind of object that the stand-in for Stripe shows, fetching what it does not know yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from djstripe import models

from tests.counterparts.process import STRIPE_KEY
from tests.counterparts.shop import VERSION, Shop

pytestmark = pytest.mark.django_db


# What dj-stripe reads Stripe's objects with, and sets up for itself where it is used as it comes; the platform
# uses its tables only.
METHODS = ("get", "items", "keys", "values", "pop", "setdefault")


@pytest.fixture(autouse=True)
def mirrored_from_the_stand_in(shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from djstripe import _stripe_compat

    settings.STRIPE_SECRET_KEY = STRIPE_KEY
    settings.STRIPE_API_VERSION = VERSION
    monkeypatch.setattr(stripe, "api_base", shop.counterparts.stripe)
    monkeypatch.setattr(stripe, "api_key", STRIPE_KEY)
    for name in METHODS:
        setattr(stripe.StripeObject, name, getattr(_stripe_compat, f"_{name}"))
    yield
    for name in METHODS:
        delattr(stripe.StripeObject, name)


def mirrored(model: Any, thing: Any) -> Any:
    # An event comes plain, by a webhook; in one of the library's objects dj-stripe mistakes its parts for texts.
    data = json.loads(str(thing)) if model is models.Event else thing
    return model.sync_from_stripe_data(data, api_key=STRIPE_KEY)


def test_a_subscription_brings_all_that_belongs_to_it(shop: Shop) -> None:
    coupon = shop.stripe.v1.coupons.create({"percent_off": 20, "duration": "forever"})
    subscription = shop.subscribe(discounts=[{"coupon": coupon.id}])
    row = mirrored(models.Subscription, subscription)
    assert (row.id, row.status) == (subscription.id, "active")
    assert row.customer.id == subscription.customer
    assert row.latest_invoice == subscription.latest_invoice
    (item,) = row.items.all()
    assert item.price.id == shop.month.id
    assert item.stripe_data["current_period_end"] == subscription["items"].data[0].current_period_end


def test_each_kind_is_taken(shop: Shop) -> None:
    subscription = shop.subscribe()
    invoice = shop.stripe.v1.invoices.retrieve(subscription.latest_invoice, {"expand": ["payments"]})
    intent = shop.stripe.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    charge = shop.stripe.v1.charges.retrieve(intent.latest_charge)
    customer = shop.stripe.v1.customers.retrieve(subscription.customer)
    refund = shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 100})
    shop.counterparts.control("stripe/dispute", charge=charge.id)
    coupon = shop.stripe.v1.coupons.create({"amount_off": 500, "currency": "usd", "duration": "once"})
    code = shop.stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    endpoint = shop.stripe.v1.webhook_endpoints.create({"url": "http://testserver/x", "enabled_events": ["*"]})
    trial = shop.subscribe(trial_period_days=7, discounts=[{"coupon": coupon.id}])
    items: Any = [{"id": subscription["items"].data[0].id, "quantity": 2}]
    shop.stripe.v1.subscriptions.update(subscription.id, {"items": items})
    tax_id = shop.stripe.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    kinds = [
        (models.Account, shop.stripe.v1.accounts.retrieve_current()),
        (models.Product, shop.product),
        (models.Price, shop.year),
        (models.Customer, customer),
        (models.TaxId, tax_id),
        (models.PaymentMethod, shop.stripe.v1.payment_methods.list({"customer": customer.id}).data[0]),
        (models.Invoice, invoice),
        (models.PaymentIntent, intent),
        (models.Charge, shop.stripe.v1.charges.retrieve(charge.id)),
        (models.BalanceTransaction, shop.stripe.v1.balance_transactions.retrieve(charge.balance_transaction)),
        (models.Refund, refund),
        (models.Dispute, shop.stripe.v1.disputes.list().data[0]),
        (models.Coupon, coupon),
        (models.PromotionCode, code),
        (models.Session, shop.open_checkout(customer=customer.id)),
        (models.WebhookEndpoint, endpoint),
        (models.SubscriptionItem, subscription["items"].data[0]),
        (models.LineItem, invoice.lines.data[0]),
        (models.InvoiceItem, shop.stripe.v1.invoice_items.list().data[0]),
        (models.SetupIntent, shop.stripe.v1.setup_intents.list().data[0]),
        (models.Discount, shop.stripe.v1.subscriptions.retrieve(trial.id, {"expand": ["discounts"]}).discounts[0]),
        (models.Event, shop.stripe.v1.events.list({"type": "invoice.paid"}).data[0]),
    ]
    for model, thing in kinds:
        assert mirrored(model, thing).id == thing.id
        assert model.objects.filter(id=thing.id).exists()


def test_what_is_listed_is_taken(shop: Shop) -> None:
    shop.subscribe(trial_period_days=7)
    for model in (models.Product, models.Price, models.Customer, models.Subscription, models.Invoice, models.Charge):
        for thing in model.api_list(api_key=STRIPE_KEY):
            mirrored(model, thing)
        assert model.objects.exists() == (model is not models.Charge)
