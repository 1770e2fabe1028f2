"""Payments that fail at the stand-in for Stripe, and what comes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.counterparts.shop import START, Shop

# When the first renewal is paid for: the period ends on 28 February, and the invoice is a draft for an hour.
RENEWAL = datetime(2026, 2, 28, 13, tzinfo=UTC)


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def failing(shop: Shop) -> tuple[Any, Any]:
    """A subscription whose first renewal has just failed, and that renewal's invoice."""
    session = shop.open_checkout()
    shop.fill_in(session.url, card="fails_later", email="lea@howtoai.example")
    shop.counterparts.stop_at(RENEWAL)
    (subscription,) = shop.stripe.v1.subscriptions.list().data
    return subscription, shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice))


def test_a_renewal_that_fails_is_tried_again_and_recovers(shop: Shop) -> None:
    subscription, invoice = failing(shop)
    assert subscription.status == "past_due"
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == at(RENEWAL + timedelta(days=3))
    assert {"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"} <= set(shop.kinds())
    shop.counterparts.advance(days=3)
    invoice = shop.stripe.v1.invoices.retrieve(invoice.id)
    assert invoice.next_payment_attempt == at(RENEWAL + timedelta(days=3 + 5))
    shop.counterparts.control("stripe/card", customer=str(subscription.customer), kind="works")
    shop.counterparts.advance(days=5)
    assert shop.subscription(subscription.id).status == "active"
    invoice = shop.stripe.v1.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("paid", 3, None)


def test_after_the_last_attempt_it_ends(shop: Shop) -> None:
    subscription, invoice = failing(shop)
    shop.counterparts.advance(days=3 + 5 + 7, seconds=-1)
    assert shop.subscription(subscription.id).status == "past_due"
    shop.counterparts.advance(seconds=1)
    ended = shop.subscription(subscription.id)
    assert ended.status == "canceled"
    assert ended.cancellation_details["reason"] == "payment_failed"
    invoice = shop.stripe.v1.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 4, None)
    assert len(shop.counterparts.events(kind="invoice.payment_failed")) == 4
    assert shop.kinds()[-1] == "customer.subscription.deleted"


def test_it_is_paid_for_on_the_page_of_the_invoice(shop: Shop) -> None:
    subscription, invoice = failing(shop)
    page = shop.counterparts.client.get(str(invoice.hosted_invoice_url))
    assert "$50.00" in page.text
    assert "Your card was declined." in shop.fill_in(invoice.hosted_invoice_url, card="declined").text
    assert shop.fill_in(invoice.hosted_invoice_url, card="works").status_code == 302
    assert shop.subscription(subscription.id).status == "active"
    assert "Pay</button>" not in shop.counterparts.client.get(str(invoice.hosted_invoice_url)).text
    file = shop.counterparts.client.get(str(invoice.invoice_pdf))
    assert file.headers["content-type"] == "application/pdf"
    assert file.content.startswith(b"%PDF-1.4")


def test_it_is_paid_for_by_the_api(shop: Shop) -> None:
    subscription, invoice = failing(shop)
    with pytest.raises(stripe.CardError) as refused:
        shop.stripe.v1.invoices.pay(invoice.id)
    assert refused.value.code == "card_declined"
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "insufficient_funds"
    shop.counterparts.control("stripe/card", customer=str(subscription.customer), kind="works")
    assert shop.stripe.v1.invoices.pay(invoice.id).status == "paid"
    assert shop.subscription(subscription.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        shop.stripe.v1.invoices.pay(invoice.id)


def test_a_card_that_asks_each_time_needs_its_holder(shop: Shop) -> None:
    session = shop.open_checkout()
    bank = shop.fill_in(session.url, card="secure_always", email="lea@howtoai.example").headers["location"]
    shop.fill_in(bank, decision="approve")
    shop.counterparts.stop_at(RENEWAL)
    (subscription,) = shop.stripe.v1.subscriptions.list().data
    assert subscription.status == "past_due"
    assert {"invoice.payment_action_required", "payment_intent.requires_action"} <= set(shop.kinds())
    invoice = shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice), {"expand": ["payments"]})
    assert invoice.payments is not None
    intent = shop.stripe.v1.payment_intents.retrieve(str(invoice.payments.data[0].payment.payment_intent))
    assert (intent.status, intent.next_action["type"]) == ("requires_action", "redirect_to_url")
    bank = shop.fill_in(invoice.hosted_invoice_url, card="secure_always").headers["location"]
    shop.fill_in(bank, decision="approve")
    assert shop.subscription(subscription.id).status == "active"


def test_a_card_that_asked_once_pays_alone_from_then_on(shop: Shop) -> None:
    session = shop.open_checkout()
    bank = shop.fill_in(session.url, card="secure", email="lea@howtoai.example").headers["location"]
    shop.fill_in(bank, decision="approve")
    shop.counterparts.stop_at(RENEWAL)
    assert shop.stripe.v1.invoices.list().data[0].status == "paid"


def test_a_card_expires_at_the_end_of_its_month(shop: Shop) -> None:
    session = shop.open_checkout()
    shop.fill_in(session.url, card="expires_soon", email="lea@howtoai.example")
    (subscription,) = shop.stripe.v1.subscriptions.list({"expand": ["data.default_payment_method"]}).data
    card = subscription.default_payment_method.card
    assert (card.exp_month, card.exp_year) == (START.month, START.year)
    shop.counterparts.stop_at(RENEWAL)
    (charge, _) = shop.stripe.v1.charges.list().data
    assert (charge.status, charge.failure_code) == ("failed", "expired_card")


def test_a_start_that_nobody_pays_for_is_dropped(shop: Shop) -> None:
    subscription = shop.subscribe(payment_behavior="default_incomplete")
    assert subscription.status == "incomplete"
    invoice = shop.stripe.v1.invoices.retrieve(
        str(subscription.latest_invoice), {"expand": ["confirmation_secret", "payments"]}
    )
    assert invoice.confirmation_secret is not None
    shop.counterparts.advance(hours=23)
    assert shop.subscription(subscription.id).status == "incomplete_expired"
    assert shop.stripe.v1.invoices.retrieve(invoice.id).status == "void"


def test_the_portal_takes_a_new_card_and_a_new_address(shop: Shop) -> None:
    subscription, invoice = failing(shop)
    home = "http://testserver/billing/"
    session = shop.stripe.v1.billing_portal.sessions.create(
        {"customer": str(subscription.customer), "return_url": home}
    )
    page = shop.counterparts.client.get(session.url).text
    assert "ends in 0341" in page
    assert str(invoice.number) in page
    assert "Your card was declined." in shop.fill_in(session.url, do="card", card="declined").text
    shop.fill_in(session.url, do="card", card="works")
    shop.fill_in(session.url, do="details", name="Lea Learner", country="DE", city="Berlin")
    customer = shop.stripe.v1.customers.retrieve(
        str(subscription.customer), {"expand": ["invoice_settings.default_payment_method"]}
    )
    assert customer.address is not None
    assert (customer.name, customer.address.city) == ("Lea Learner", "Berlin")
    assert customer.invoice_settings.default_payment_method.card.last4 == "4242"
    assert shop.fill_in(session.url, do="return").headers["location"] == home
    shop.counterparts.advance(days=3)
    assert shop.subscription(subscription.id).status == "active"


def test_the_file_of_an_invoice_is_sound(shop: Shop) -> None:
    shop.subscribe()
    (invoice,) = shop.stripe.v1.invoices.list().data
    file = shop.counterparts.client.get(invoice.invoice_pdf).content
    table = int(file.rsplit(b"startxref\n", 1)[1].split()[0])
    assert file[table:].startswith(b"xref\n0 6\n")
    for number, line in enumerate(file[table:].splitlines()[3:8], start=1):
        assert file[int(line.split()[0]) :].startswith(b"%d 0 obj" % number)
    for words in (invoice.number.encode(), b"lea@howtoai.example", b"$50.00"):
        assert words in file
