"""Somebody who subscribes through the gateway to PayPal, at the stand-in, which is a process of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from time_machine import TimeMachineFixture

from accounts.models import User
from billing.gateways.base import Step
from billing.gateways.paypal import PayPal
from billing.models import Price, Subscription
from tests.billing.shops import CANCEL, RETURN, ShopAt
from tests.counterparts.process import Counterparts

# Both clocks are stopped here as a test begins.
START = datetime(2027, 1, 31, 15, 30, tzinfo=UTC)


class Shop(ShopAt):
    gateway = PayPal()

    def __init__(self, user: User, paypal: Counterparts, clock: TimeMachineFixture) -> None:
        self.clock = clock
        super().__init__(user, paypal)

    @property
    def paypal(self) -> Counterparts:
        return self.counterparts

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

    def move_to(self, moment: datetime) -> None:
        """Both clocks, and that with which PayPal stamps its webhooks; what is due by then happens."""
        self.clock.move_to(moment)
        self.paypal.control("clock", now=moment.isoformat(), stopped=True, wall=True)


@pytest.fixture
def shop(db: None, learner: User, paypal_keys: Counterparts, time_machine: TimeMachineFixture) -> Shop:
    time_machine.move_to(START, tick=False)
    shop = Shop(learner, paypal_keys, time_machine)
    shop.move_to(START)
    return shop
