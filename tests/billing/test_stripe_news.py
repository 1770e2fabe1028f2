"""Stripe's events: whom they are about, and how those are heard of that never came. And what it says when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from djstripe.models import Charge, Customer, Invoice, PaymentMethod
from djstripe.models import Subscription as MirroredSubscription

from billing.gateways.base import NotThere, ProviderAway, Refused
from billing.gateways.stripe.client import client
from billing.gateways.stripe.mirror import mirror_subscription
from billing.models import Subscription
from tests.billing.shops import CANCEL, DAY, RETURN
from tests.billing.stripe_shop import Shop
from tests.counterparts.process import STRIPE_KEY


def bodies(shop: Shop, kind: str) -> list[dict[str, Any]]:
    found = shop.stripe.events(kind=kind)
    assert found, kind
    return found


def test_what_is_sent_is_read(shop: Shop) -> None:
    row = shop.subscribe()
    event = bodies(shop, "invoice.paid")[0]
    (sent,) = shop.stripe.signed(event["id"])
    news = shop.gateway.read_webhook(sent.body, sent.headers)
    assert (news.event_id, news.kind, news.subject) == (event["id"], "invoice.paid", row.reference)
    assert news.body == event


def test_the_kinds_that_matter_lead_to_their_subscription(shop: Shop) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    shop.stripe.control("stripe/refund", invoice=payment.reference, amount=100)
    client().v1.credit_notes.create(params={"invoice": payment.reference, "amount": 100, "credit_amount": 100})
    shop.stripe.control("stripe/dispute", invoice=payment.reference)
    shop.change_card(row, "expires_soon")
    for kind in (
        "charge.dispute.created",
        "charge.refunded",
        "checkout.session.completed",
        "credit_note.created",
        "customer.subscription.created",
        "customer.updated",
        "invoice.paid",
        "refund.created",
    ):
        assert shop.gateway.subject_of(bodies(shop, kind)[-1]) == row.reference, kind


def test_for_what_changes_nothing_stripe_is_not_asked(shop: Shop) -> None:
    shop.subscribe()
    asked = len(shop.asked())
    for kind in ("charge.succeeded", "customer.created", "payment_intent.succeeded", "product.created"):
        assert shop.gateway.subject_of(bodies(shop, kind)[0]) == "", kind
    assert len(shop.asked()) == asked


def test_what_is_about_nobody_who_subscribes_is_about_no_subscription(shop: Shop) -> None:
    customer = client().v1.customers.create(params={"email": "buyer@howtoai.example"}).id
    client().v1.customers.update(customer, params={"name": "Somebody"})
    assert shop.gateway.subject_of(bodies(shop, "customer.updated")[-1]) == ""
    refund = {"type": "refund.created", "data": {"object": {"object": "refund", "payment_intent": "pi_unknown"}}}
    assert shop.gateway.subject_of(refund) == ""
    note = {"type": "credit_note.created", "data": {"object": {"object": "credit_note", "invoice": "in_unknown"}}}
    with pytest.raises(NotThere):
        shop.gateway.subject_of(note)


def test_what_it_told_is_told_again_oldest_first(shop: Shop) -> None:
    shop.subscribe()
    shop.stripe.advance(days=3)
    shop.subscribe()
    told = shop.stripe.events()
    heard = list(shop.gateway.news_since(timezone.now() - DAY))
    assert [news.event_id for news in heard] == [event["id"] for event in told]
    assert [news.body for news in heard] == told
    assert list(shop.gateway.news_since(timezone.now() + 4 * DAY)) == []


def test_what_fills_more_than_a_page_is_told_whole(shop: Shop) -> None:
    for number in range(101):
        client().v1.customers.create(params={"email": f"buyer-{number}@howtoai.example"})
    heard = list(shop.gateway.news_since(timezone.now() - DAY))
    assert [news.body for news in heard] == shop.stripe.events()
    assert len(heard) > 101


def test_of_what_is_long_ago_nothing_is_asked(shop: Shop) -> None:
    shop.subscribe()
    before = len(shop.asked())
    assert list(shop.gateway.news_since(timezone.now() - timedelta(days=4000)))
    assert len(shop.asked()) - before <= 32


def test_the_mirror_shows_what_stripe_holds(shop: Shop) -> None:
    row = shop.subscribe()
    mirror_subscription(row.reference)
    mirrored = MirroredSubscription.objects.get(id=row.reference)
    assert mirrored.status == "active"
    assert mirrored.customer == Customer.objects.get(subscriber=shop.user)
    assert [model.objects.count() for model in (Invoice, Charge, PaymentMethod)] == [1, 1, 1]
    shop.gateway.cancel_now(row)
    mirror_subscription(row.reference)
    assert MirroredSubscription.objects.get(id=row.reference).status == "canceled"
    with pytest.raises(NotThere):
        mirror_subscription("sub_unknown")


def everything(shop: Shop, row: Subscription) -> dict[str, Callable[[], object]]:
    """All that Stripe is asked for."""
    return {
        "start": lambda: shop.gateway.start(row, return_url=RETURN, cancel_url=CANCEL, trial_days=0),
        "find": lambda: shop.gateway.find(row),
        "give_up": lambda: shop.gateway.give_up(row.checkout_reference),
        "fetch": lambda: shop.gateway.fetch(row.reference),
        "preview": lambda: shop.gateway.preview(row, shop.year),
        "change_price": lambda: shop.gateway.change_price(
            row, shop.year, return_url=RETURN, cancel_url=CANCEL, agreed=None
        ),
        "cancel": lambda: shop.gateway.cancel_at_period_end(row),
        "resume": lambda: shop.gateway.resume(row),
        "pause": lambda: shop.gateway.pause(row, until=timezone.now() + 60 * DAY),
        "unpause": lambda: shop.gateway.unpause(row),
        "cancel_now": lambda: shop.gateway.cancel_now(row),
        "refund": lambda: shop.gateway.refund("in_1", amount=1, currency="USD", key="1"),
        "portal_url": lambda: shop.gateway.portal_url(shop.user, row, return_url=RETURN),
        "news_since": lambda: list(shop.gateway.news_since(timezone.now())),
        "live_references": lambda: list(shop.gateway.live_references()),
        "sync_plan": lambda: shop.gateway.sync_plan(shop.plan, dry_run=True),
        "sync_price": lambda: shop.gateway.sync_price(shop.month, dry_run=True),
        "mirror": lambda: mirror_subscription(row.reference),
    }


def test_a_provider_that_talks_nonsense_is_away_whatever_is_asked(shop: Shop) -> None:
    row = shop.subscribe()
    shop.stripe.control("trouble", provider="stripe", trouble="nonsense")
    answered = []
    for name, act in everything(shop, row).items():
        try:
            act()
        except ProviderAway:
            continue
        answered.append(name)
    assert answered == []


def test_one_that_cannot_be_reached_is_away(shop: Shop, settings: Any) -> None:
    row = shop.subscribe()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ProviderAway, match="ConnectionError"):
        shop.fetch(row)


def test_one_that_is_down_is_away(shop: Shop) -> None:
    row = shop.subscribe()
    shop.stripe.control("trouble", provider="stripe", trouble="down")
    with pytest.raises(ProviderAway, match="status 503"):
        shop.fetch(row)


def test_a_wrong_key_is_told_without_the_key(shop: Shop, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    row = shop.subscribe()
    settings.STRIPE_SECRET_KEY = "sk_test_" + "9" * 24
    with caplog.at_level(logging.INFO), pytest.raises(ProviderAway) as away:
        shop.fetch(row)
    told = str(away.value) + caplog.text
    assert "AuthenticationError" in told
    assert "9" * 24 not in told


def test_what_is_refused_is_told_without_addresses(shop: Shop) -> None:
    shop.month.retired_at = timezone.now()
    shop.gateway.sync_price(shop.month, dry_run=False)
    with pytest.raises(Refused) as refusal:
        shop.begin()
    assert refusal.value.words == ""
    assert RETURN not in str(refusal.value)


def test_without_keys_it_is_not_ready(shop: Shop, settings: Any) -> None:
    assert shop.gateway.is_ready()
    for name, value in (("STRIPE_WEBHOOK_SECRETS", []), ("STRIPE_SECRET_KEY", "")):
        setattr(settings, name, value)
        assert not shop.gateway.is_ready()
    assert STRIPE_KEY
