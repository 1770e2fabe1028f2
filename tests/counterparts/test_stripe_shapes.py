"""The check of shapes finds what it is there to find."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.counterparts.shop import Shop
from tests.counterparts.stripe_shapes import faults


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "happy"}, "subscription.status: 'happy' is no word for it"),
        ({"current_period_end": 1}, "subscription.current_period_end: Subscription has no such field"),
        ({"created": "today"}, "subscription.created: 'today' is no int"),
        ({"cancel_at_period_end": 1}, "subscription.cancel_at_period_end: 1 is no bool"),
        ({"pause_collection": {}}, "subscription.pause_collection.behavior: is missing"),
        (
            {"items": {"object": "list", "data": [{"object": "subscription_item"}]}},
            "subscription.items[0].price: is missing",
        ),
    ],
)
def test_a_fault_would_be_found(shop: Shop, change: dict[str, Any], said: str) -> None:
    subscription = json.loads(str(shop.subscribe()))
    assert list(faults(subscription)) == []
    assert said in set(faults(subscription | change))
