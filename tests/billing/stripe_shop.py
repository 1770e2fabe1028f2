"""Somebody who subscribes through the gateway to Stripe, at the stand-in, which is a process of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from accounts.models import User
from billing.gateways.base import Truth
from billing.gateways.stripe import Stripe
from billing.gateways.stripe.client import read
from billing.models import Interval, Plan, Price, Provider, Subscription
from tests.counterparts.process import STRIPE_KEY, STRIPE_SECRET, Counterparts

RETURN, CANCEL = "http://testserver/billing/return/", "http://testserver/pricing/"
MONTH, YEAR = 5000, 50_000  # cents
DAY = timedelta(days=1)


class Shop:
    def __init__(self, user: User, stripe: Counterparts) -> None:
        self.user, self.stripe = user, stripe
        self.gateway = Stripe()
        self.plan = Plan.objects.get(code="premium")
        self.gateway.sync_plan(self.plan, dry_run=False)
        self.plan.save()
        self.month, self.year = self.price(Interval.MONTH), self.price(Interval.YEAR)

    def price(self, interval: Interval) -> Price:
        """The one on offer, which Stripe has too."""
        price = self.plan.prices.get(interval=interval, retired_at=None)
        price.plan = self.plan
        self.gateway.sync_price(price, dry_run=False)
        price.save()
        return price

    def begin(self, *, trial_days: int = 0) -> Subscription:
        """Somebody is sent to Stripe's page."""
        row = Subscription.objects.create(user=self.user, price=self.month, provider=Provider.STRIPE)
        checkout = self.gateway.start(row, return_url=RETURN, cancel_url=CANCEL, trial_days=trial_days)
        row.checkout_reference, row.checkout_url = checkout.reference, checkout.url
        row.checkout_expires_at = checkout.expires_at
        row.save()
        return row

    def subscribe(self, *, card: str = "works", trial_days: int = 0) -> Subscription:
        """Somebody pays there."""
        row = self.begin(trial_days=trial_days)
        pay(row.checkout_url, card)
        row.reference = self.gateway.find(row)
        row.save()
        return row

    def fetch(self, row: Subscription) -> Truth:
        return self.gateway.fetch(row.reference)

    def change_card(self, row: Subscription, kind: str) -> None:
        """In Stripe's portal."""
        self.stripe.control("stripe/card", customer=read("subscriptions", row.reference)["customer"], kind=kind)

    def asked(self) -> list[str]:
        """What was asked of the API so far: methods and paths."""
        return [f"{entry['method']} {entry['path']}" for entry in self.stripe.control("journal", provider="stripe")]


def pay(url: str, card: str = "works", **more: str) -> httpx.Response:
    """Send the form of a page of Stripe's."""
    answer = httpx.post(url, data={"card": card} | more, trust_env=False)
    assert answer.status_code < 400, answer.text
    return answer


@pytest.fixture
def shop(db: None, learner: User, counterparts: Counterparts, settings: Any) -> Shop:
    settings.STRIPE_SECRET_KEY = STRIPE_KEY
    settings.STRIPE_WEBHOOK_SECRETS = [STRIPE_SECRET]
    settings.STRIPE_API_BASE = counterparts.stripe
    settings.PAYMENT_PAGE_ORIGINS = [counterparts.url]
    return Shop(learner, counterparts)
