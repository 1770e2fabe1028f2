"""A member with a browser, who pays at the stand-in for Stripe: our pages and API, and its real process."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from billing.services.applying import apply_due
from tests.billing.stripe_shop import Shop, pay
from tests.counterparts.process import Counterparts

PREMIUM = {"plan": "premium", "interval": "month", "provider": "stripe"}


class Shopper:
    def __init__(self, user: User, shop: Shop, counterparts: Counterparts) -> None:
        self.user, self.shop, self.counterparts = user, shop, counterparts
        self.browser = Client()
        self.browser.force_login(user)

    def begin(self, **wish: str) -> str:
        """The page of Stripe's to which our page leads."""
        response = self.browser.post("/billing/checkout/", PREMIUM | wish)
        assert response.status_code == 302, response.content.decode()
        return str(response["Location"])

    def subscribe(self, **wish: str) -> None:
        """Pay there, and have its news arrive."""
        pay(self.begin(**wish))
        self.hear()

    def hear(self) -> None:
        """All webhooks so far arrive, in order, at our door; those that were here before do nothing."""
        for event in self.counterparts.events():
            (signed,) = self.counterparts.signed(event["id"])
            answer = self.browser.post(
                "/webhooks/stripe", signed.body, content_type="application/json", headers=signed.headers
            )
            assert answer.status_code == 200, answer.content
        apply_due()

    def page(self, address: str, **query: str) -> str:
        response = self.browser.get(address, query)
        assert response.status_code == 200, response.get("Location", "")
        return " ".join(response.content.decode().split())


@pytest.fixture
def shopper(learner: User, shop: Shop, counterparts: Counterparts) -> Shopper:
    return Shopper(learner, shop, counterparts)
