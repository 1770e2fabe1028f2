"""Whoever sells at the stand-in for Stripe, with the official library, and whoever buys there, with a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import stripe

from tests.counterparts.process import PLATFORM, STRIPE_KEY, Counterparts

START = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
VERSION = "2026-05-27.dahlia"


class Shop:
    """One product for 50 dollars a month or 500 a year, and a clock that stands still."""

    def __init__(self, counterparts: Counterparts) -> None:
        self.counterparts = counterparts
        counterparts.stop_at(START)
        # Any, since what the library says of parameters does not go together with fields that a test adds.
        self.stripe: Any = client_of(counterparts)
        self.product = self.stripe.v1.products.create({"name": "Premium"})
        self.month = self.make_price(5000, "month")
        self.year = self.make_price(50000, "year")

    def make_price(self, amount: int, interval: str) -> Any:
        return self.stripe.v1.prices.create(
            {
                "product": self.product.id,
                "unit_amount": amount,
                "currency": "usd",
                "recurring": {"interval": interval},
            }
        )

    def make_customer(self, card: str = "pm_card_visa", **fields: Any) -> Any:
        customer = self.stripe.v1.customers.create({"email": "lea@howtoai.example", **fields})
        method = self.stripe.v1.payment_methods.attach(card, {"customer": customer.id})
        return self.stripe.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribe(self, card: str = "pm_card_visa", **fields: Any) -> Any:
        customer = self.make_customer(card)
        return self.stripe.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": self.month.id}], **fields}
        )

    def subscription(self, subscription_id: str) -> Any:
        return self.stripe.v1.subscriptions.retrieve(subscription_id)

    def kinds(self) -> list[str]:
        """What has happened, oldest first."""
        return [event["type"] for event in self.counterparts.events()]

    def open_checkout(self, **fields: Any) -> Any:
        return self.stripe.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "line_items": [{"price": self.month.id, "quantity": 1}],
                "success_url": f"{PLATFORM}/billing/return/?session={{CHECKOUT_SESSION_ID}}",
                "cancel_url": f"{PLATFORM}/pricing/",
                **fields,
            }
        )

    def fill_in(self, url: str | None, **fields: str) -> httpx.Response:
        """Send the form of a hosted page; the answer, with no redirect followed."""
        assert url
        return self.counterparts.client.post(url, data=fields)


def client_of(counterparts: Counterparts, **more: Any) -> stripe.StripeClient:
    return stripe.StripeClient(
        STRIPE_KEY,
        base_addresses={"api": counterparts.stripe},
        stripe_version=VERSION,
        max_network_retries=0,
        **more,
    )
