"""Somebody who subscribes through the gateway to PayPal, at the stand-in, which is a process of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import TimeMachineFixture

from accounts.models import User
from billing.gateways.base import Step, Truth
from billing.gateways.paypal import PayPal
from billing.models import Interval, Plan, Price, Provider, Subscription
from tests.counterparts.process import Counterparts

RETURN, CANCEL = "http://testserver/billing/return/", "http://testserver/pricing/"
MONTH, YEAR = 5000, 50_000  # cents
DAY = timedelta(days=1)
# Both clocks are stopped here as a test begins.
START = datetime(2027, 1, 31, 15, 30, tzinfo=UTC)


class Shop:
    def __init__(self, user: User, paypal: Counterparts, clock: TimeMachineFixture) -> None:
        self.user, self.paypal, self.clock = user, paypal, clock
        self.gateway = PayPal()
        self.plan = Plan.objects.get(code="premium")
        self.gateway.sync_plan(self.plan, dry_run=False)
        self.plan.save()
        self.month, self.year = self.price(Interval.MONTH), self.price(Interval.YEAR)

    def price(self, interval: Interval) -> Price:
        """The one on offer, which PayPal has too."""
        price = self.plan.prices.get(interval=interval, retired_at=None)
        price.plan = self.plan
        self.gateway.sync_price(price, dry_run=False)
        price.save()
        return price

    def begin(self, *, trial_days: int = 0) -> Subscription:
        """Somebody is sent to PayPal's page."""
        row = Subscription.objects.create(user=self.user, price=self.month, provider=Provider.PAYPAL)
        checkout = self.gateway.start(row, return_url=RETURN, cancel_url=CANCEL, trial_days=trial_days)
        row.checkout_reference, row.checkout_url = checkout.reference, checkout.url
        row.checkout_expires_at = checkout.expires_at
        row.save()
        return row

    def subscribe(self, *, wallet: str = "works", trial_days: int = 0) -> Subscription:
        """Somebody consents there."""
        row = self.begin(trial_days=trial_days)
        self.consent(row.checkout_reference, wallet)
        row.reference = self.gateway.find(row)
        row.save()
        return row

    def consent(self, reference: str, wallet: str = "works") -> None:
        self.paypal.control("paypal/approve", id=reference, wallet=wallet)

    def change(self, row: Subscription, price: Price) -> Step:
        return self.gateway.change_price(row, price, return_url=RETURN, cancel_url=CANCEL, agreed=None)

    def fetch(self, row: Subscription) -> Truth:
        return self.gateway.fetch(row.reference)

    def move_to(self, moment: datetime) -> None:
        """Both clocks, and that with which PayPal stamps its webhooks; what is due by then happens."""
        self.clock.move_to(moment)
        self.paypal.control("clock", now=moment.isoformat(), stopped=True, wall=True)

    def asked(self) -> list[str]:
        """What was asked of the API so far: methods and paths."""
        return [f"{entry['method']} {entry['path']}" for entry in self.paypal.control("journal", provider="paypal")]


@pytest.fixture
def shop(db: None, learner: User, paypal_keys: Counterparts, time_machine: TimeMachineFixture) -> Shop:
    time_machine.move_to(START, tick=False)
    shop = Shop(learner, paypal_keys, time_machine)
    shop.move_to(START)
    return shop
