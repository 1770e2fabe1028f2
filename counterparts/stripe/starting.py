"""A subscription begins: by the API, or by somebody at Checkout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from counterparts.stripe.collecting import collect
from counterparts.stripe.discounts import chosen, give, use_up
from counterparts.stripe.events import tell, updating
from counterparts.stripe.intents import new_setup_intent
from counterparts.stripe.invoicing import draft, finalise
from counterparts.stripe.items import demand_sellable, new_item
from counterparts.stripe.lifecycle import INCOMPLETE, plan, plan_period
from counterparts.stripe.lines import period_lines, trial_lines
from counterparts.stripe.periods import period_end
from counterparts.stripe.store import listed, make, now
from counterparts.world import Thing

DAY = 24 * 3600


@dataclass
class Start:
    """What somebody subscribes to, and how."""

    customer: Thing
    # Price and quantity of each item.
    items: list[tuple[Thing, int]]
    trial_end: int | None = None
    method: Thing | None = None
    # The one at Checkout gave it for this subscription; without that it is the customer's.
    is_own_method: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    discounts: list[dict[str, Any]] = field(default_factory=list)
    has_automatic_tax: bool = False
    without_card: str = "create_invoice"
    session: str | None = None
    holder_is_there: bool = False


def start(wanted: Start, *, is_collected: bool = True) -> Thing:
    """The subscription with its first invoice, paid if it can be; `customer.subscription.created` and more are told."""
    for price, _ in wanted.items:
        demand_sellable(price)
    for discount in wanted.discounts:
        chosen(discount)
    subscription = make("subscription", "sub_", **fields(wanted))
    subscription["items"]["url"] += subscription["id"]
    end = wanted.trial_end or period_end(wanted.items[0][0], now(), now())
    for price, quantity in wanted.items:
        subscription["items"]["data"].append(new_item(subscription["id"], price, quantity, now(), end))
    subscription["items"]["total_count"] = len(wanted.items)
    subscription["discounts"] = give(subscription, wanted.discounts, session=wanted.session)
    lines = trial_lines(subscription) if wanted.trial_end else period_lines(subscription, now())
    invoice = draft(subscription, lines, "subscription_create")
    use_up(subscription, {name for line in lines for name in line.off})
    if wanted.trial_end and wanted.method:
        new_setup_intent(wanted.customer, wanted.method)
    tell("customer.subscription.created", subscription)
    plan_period(subscription)
    finalise(invoice)
    if is_collected or invoice["amount_due"] == 0:
        collect(invoice, method=wanted.method, holder_is_there=wanted.holder_is_there)
    if subscription["status"] == "incomplete":
        plan(now() + INCOMPLETE, "incomplete", subscription["id"])
    if wanted.is_own_method and wanted.method:
        with updating(subscription, "customer.subscription.updated"):
            subscription["default_payment_method"] = wanted.method["id"]
    return subscription


def fields(wanted: Start) -> dict[str, Any]:
    trial_end = wanted.trial_end
    return {
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": wanted.has_automatic_tax,
            "liability": {"type": "self"} if wanted.has_automatic_tax else None,
        },
        "billing_cycle_anchor": trial_end or now(),
        "billing_cycle_anchor_config": None,
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": now(),
        },
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "currency": wanted.items[0][0]["currency"],
        "customer": wanted.customer["id"],
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": wanted.description,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "items": listed([], "/v1/subscription_items?subscription="),
        "latest_invoice": None,
        "metadata": wanted.metadata,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now(),
        "status": "trialing" if trial_end else "incomplete",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": wanted.without_card}},
        "trial_start": now() if trial_end else None,
    }


def trial_end_of(asked: dict[str, Any]) -> int | None:
    """The end of the trial that these parameters want, if any."""
    if asked.get("trial_period_days"):
        return now() + int(asked["trial_period_days"]) * DAY
    trial_end = asked.get("trial_end")
    return trial_end if isinstance(trial_end, int) else None
