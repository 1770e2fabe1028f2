"""Somebody who subscribes through a gateway, at its stand-in: what is the same at both providers."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import User
from billing.gateways.base import Gateway, Truth
from billing.models import Interval, Plan, Price, Subscription
from tests.counterparts.process import Counterparts

RETURN, CANCEL = "http://testserver/billing/return/", "http://testserver/pricing/"
MONTH, YEAR = 5000, 50_000  # cents
DAY = timedelta(days=1)


class ShopAt:
    """The standard plan, of which the provider knows."""

    gateway: Gateway

    def __init__(self, user: User, counterparts: Counterparts) -> None:
        self.user, self.counterparts = user, counterparts
        self.plan = Plan.objects.get(code="premium")
        self.gateway.sync_plan(self.plan, dry_run=False)
        self.plan.save()
        self.month, self.year = self.price(Interval.MONTH), self.price(Interval.YEAR)

    def price(self, interval: Interval) -> Price:
        """The one on offer, which the provider has too."""
        price = self.plan.prices.get(interval=interval, retired_at=None)
        price.plan = self.plan
        self.gateway.sync_price(price, dry_run=False)
        price.save()
        return price

    def begin(self, *, trial_days: int = 0) -> Subscription:
        """Somebody is sent to the provider's page."""
        row = Subscription.objects.create(user=self.user, price=self.month, provider=self.gateway.provider)
        checkout = self.gateway.start(row, return_url=RETURN, cancel_url=CANCEL, trial_days=trial_days)
        row.checkout_reference, row.checkout_url = checkout.reference, checkout.url
        row.checkout_expires_at = checkout.expires_at
        row.save()
        return row

    def fetch(self, row: Subscription) -> Truth:
        return self.gateway.fetch(row.reference)

    def asked(self) -> list[str]:
        """What was asked of the API so far: methods and paths."""
        journal = self.counterparts.control("journal", provider=self.gateway.provider.value)
        return [f"{entry['method']} {entry['path']}" for entry in journal]
