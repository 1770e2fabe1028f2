"""Somebody who subscribes through the gateway to Stripe, at the stand-in, which is a process of its own."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from accounts.models import User
from billing.gateways.stripe import Stripe
from billing.gateways.stripe.client import read
from billing.models import Subscription
from tests.billing.shops import ShopAt
from tests.counterparts.process import STRIPE_KEY, STRIPE_SECRET, Counterparts


class Shop(ShopAt):
    gateway = Stripe()

    @property
    def stripe(self) -> Counterparts:
        return self.counterparts

    def subscribe(self, *, card: str = "works", trial_days: int = 0) -> Subscription:
        """Somebody pays there."""
        row = self.begin(trial_days=trial_days)
        pay(row.checkout_url, card)
        row.reference = self.gateway.find(row)
        row.save()
        return row

    def change_card(self, row: Subscription, kind: str) -> None:
        """In Stripe's portal."""
        self.stripe.control("stripe/card", customer=read("subscriptions", row.reference)["customer"], kind=kind)


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
