"""What is behind a subscription and not shown: the wallet, terms for it alone, when something is due."""

from __future__ import annotations

from counterparts.paypal import events
from counterparts.paypal.api import now, written
from counterparts.world import Thing, world

STATUSES_WITH_BILLING = ("ACTIVE", "SUSPENDED", "EXPIRED")
NAMES = {
    "ACTIVE": "ACTIVATED",
    "SUSPENDED": "SUSPENDED",
    "CANCELLED": "CANCELLED",
    "EXPIRED": "EXPIRED",
}


def behind(subscription: Thing) -> Thing:
    return world.things["paypal.behind"][subscription["id"]]


def plan_of(subscription: Thing) -> Thing:
    """With the terms that hold for this subscription alone, if there are any."""
    return behind(subscription).get("own_plan") or world.things["paypal.plan"][subscription["plan_id"]]


def change_status(subscription: Thing, status: str, reason: str = "", *, name: str = "") -> None:
    """And tell; `name` is the event's, if it is not that of the status."""
    subscription["status"] = status
    subscription["status_update_time"] = written(now())
    subscription.pop("status_change_note", None)
    if reason:
        subscription["status_change_note"] = reason
    if status != "ACTIVE":
        # Nothing is due any more, and PayPal does not say when it would have been.
        subscription.get("billing_info", {}).pop("next_billing_time", None)
    changed(subscription, name or NAMES[status])


def changed(subscription: Thing, name: str) -> None:
    from counterparts.paypal.subscriptions import shown

    subscription["update_time"] = written(now())
    events.tell(f"BILLING.SUBSCRIPTION.{name}", "subscription", shown(subscription, "last_failed_payment"))
