"""A shop at the stand-in for Stripe, whose every answer and event is held against the official library."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.counterparts.process import Counterparts
from tests.counterparts.shop import Shop
from tests.counterparts.stripe_shapes import faults


@pytest.fixture
def shop(counterparts: Counterparts) -> Iterator[Shop]:
    shop = Shop(counterparts)
    yield shop
    journal = counterparts.control("journal", provider="stripe")
    answers = [entry["answer"] for entry in journal if isinstance(entry["answer"], dict)]
    events = counterparts.events()
    things = [thing for thing in answers if not thing.keys() & {"deleted", "error"}] + events
    found = {fault for thing in [*things, *(event["data"]["object"] for event in events)] for fault in faults(thing)}
    assert found == set()


@pytest.fixture
def paypal(paypal_stand_in: Counterparts) -> Counterparts:
    """The stand-ins, where all that is said to and by PayPal's is held against its documents."""
    return paypal_stand_in
