"""Items of subscriptions: what is subscribed to, how many, and until when it is billed."""

from __future__ import annotations

from copy import deepcopy

from counterparts.stripe.errors import invalid
from counterparts.stripe.store import now
from counterparts.world import Thing, new_id


def new_item(subscription_id: str, price: Thing | None, quantity: int | None, start: int, end: int) -> Thing:
    if price is None:
        raise invalid("Missing required param: items[0][price].", param="items[0][price]", code="parameter_missing")
    demand_sellable(price)
    return {
        "id": new_id("si_", 14),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": now(),
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "plan": plan_of(price),
        "price": deepcopy(price),
        "quantity": quantity or 1,
        "subscription": subscription_id,
        "tax_rates": [],
    }


def demand_sellable(price: Thing) -> None:
    if price["recurring"] is None:
        raise invalid("The price specified is set to `type=one_time` but this field only accepts recurring prices.")
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param="price")


def plan_of(price: Thing) -> Thing:
    """The same price under its older name."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": dict(price["metadata"]),
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
