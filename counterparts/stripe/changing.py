"""A change of a subscription's prices, quantities, cycle or trial: planned for a preview, or planned and made."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime

from counterparts.stripe.collecting import collect, declined, failure_of, method_for
from counterparts.stripe.discounts import use_up
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import updating
from counterparts.stripe.invoicing import draft, finalise, shown
from counterparts.stripe.items import demand_sellable, new_item, plan_of
from counterparts.stripe.lifecycle import plan_period
from counterparts.stripe.lines import Line, period_lines, remaining, trial_lines, unused
from counterparts.stripe.params import Asked
from counterparts.stripe.pending import hold_update, let_wait, pending_lines, take_pending
from counterparts.stripe.periods import period_end
from counterparts.stripe.store import named, now
from counterparts.world import Thing, new_id, world

HELD = 23 * 3600  # seconds
# What may be asked together with `payment_behavior=pending_if_incomplete`.
HOLDABLE = {
    "billing_cycle_anchor",
    "items",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
}


@dataclass
class Plan:
    """What a change makes of a subscription, and what is billed for it."""

    changed: Thing
    lines: list[Line]
    is_billed_now: bool
    begins_period: bool


def planned(subscription: Thing, asked: Asked) -> Plan:
    """Nothing is changed and nobody is told. 400 for what cannot be changed so."""
    if subscription["status"] == "incomplete":
        raise invalid("A subscription whose first invoice is not paid yet cannot be changed.")
    demand_date(subscription, asked.get("proration_date"))
    changed = deepcopy(subscription)
    touched = change_items(changed, asked.get("items") or [])
    at = asked.get("proration_date") or now()
    behaviour = asked.get("proration_behavior") or "create_prorations"
    trial_end = asked.get("trial_end")
    is_in_trial = subscription["status"] == "trialing"
    if trial_end not in (None, "now"):
        return plan_trial(subscription, changed, trial_end, at, behaviour)
    if is_in_trial and trial_end is None:
        return Plan(changed, [], is_billed_now=False, begins_period=False)
    resets = is_in_trial or asked.get("billing_cycle_anchor") == "now" or rhythm(changed) != rhythm(subscription)
    given_back = [item for item in subscription["items"]["data"] if resets or item["id"] in touched]
    lines = [] if behaviour == "none" else [line for item in given_back for line in unused(item, at)]
    if resets:
        begin_anew(changed)
        lines += period_lines(changed, now())
    elif behaviour != "none":
        lines += [remaining(changed, item, at) for item in changed["items"]["data"] if item["id"] in touched]
    is_billed_now = resets or (behaviour == "always_invoice" and bool(lines))
    return Plan(changed, lines, is_billed_now=is_billed_now, begins_period=resets)


def demand_date(subscription: Thing, date: int | None) -> None:
    item = subscription["items"]["data"][0]
    if date is not None and not item["current_period_start"] <= date <= item["current_period_end"]:
        raise invalid("Cannot specify a proration date outside of the current period.", param="proration_date")


def change_items(changed: Thing, asked: list[Asked]) -> set[str]:
    """The ids of the items that cost something else from now on."""
    items = changed["items"]["data"]
    touched: set[str] = set()
    for wish in asked:
        price = named("price", wish.get("price"), param="items")
        if "id" not in wish:
            start, end = items[0]["current_period_start"], items[0]["current_period_end"]
            items.append(new_item(changed["id"], price, wish.get("quantity"), start, end))
            touched.add(items[-1]["id"])
            continue
        item = next((item for item in items if item["id"] == wish["id"]), None)
        if item is None:
            raise invalid(f"No such subscription item: '{wish['id']}'", param="items", code="resource_missing")
        if wish.get("deleted"):
            items.remove(item)
            touched.add(item["id"])
        elif change_item(item, price, wish):
            touched.add(item["id"])
    if not items:
        raise invalid("A subscription must have at least one active plan.", param="items")
    return touched


def change_item(item: Thing, price: Thing | None, wish: Asked) -> bool:
    before = (item["price"]["id"], item["quantity"])
    if price:
        demand_sellable(price)
        item["price"] = deepcopy(price)
        item["plan"] = plan_of(price)
    item["quantity"] = wish.get("quantity") or item["quantity"]
    item["metadata"] = item["metadata"] | (wish.get("metadata") or {})
    return (item["price"]["id"], item["quantity"]) != before


def rhythm(subscription: Thing) -> set[tuple[str, int]]:
    recurrings = [item["price"]["recurring"] for item in subscription["items"]["data"]]
    return {(recurring["interval"], recurring["interval_count"]) for recurring in recurrings}


def begin_anew(changed: Thing) -> None:
    changed["billing_cycle_anchor"] = now()
    if changed["status"] == "trialing":
        changed.update(status="active", trial_end=now())
    for item in changed["items"]["data"]:
        item["current_period_start"] = now()
        item["current_period_end"] = period_end(item["price"], now(), now())
    follow_cancellation(changed)


def plan_trial(subscription: Thing, changed: Thing, trial_end: int, at: int, behaviour: str) -> Plan:
    """Free until `trial_end`; what was paid for the time after `at` is given back."""
    if trial_end <= now():
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    changed.update(
        billing_cycle_anchor=trial_end,
        status="trialing",
        trial_end=trial_end,
        trial_start=subscription["trial_start"] if subscription["status"] == "trialing" else now(),
    )
    for item in changed["items"]["data"]:
        item["current_period_start"], item["current_period_end"] = now(), trial_end
    follow_cancellation(changed)
    items = subscription["items"]["data"]
    lines = [] if behaviour == "none" else [line for item in items for line in unused(item, at)]
    return Plan(changed, lines + trial_lines(changed), is_billed_now=True, begins_period=True)


def follow_cancellation(changed: Thing) -> None:
    """What ends with its period ends with the new one."""
    if changed["cancel_at_period_end"]:
        changed["cancel_at"] = changed["items"]["data"][0]["current_period_end"]


def change(subscription: Thing, asked: Asked) -> None:
    """Make a change as planned, with its invoice if it has one. 402 if it may not fail and would."""
    behaviour = asked.get("payment_behavior") or "allow_incomplete"
    if behaviour == "pending_if_incomplete" and asked.keys() - HOLDABLE:
        names = ", ".join(sorted(asked.keys() - HOLDABLE))
        raise invalid(f"These parameters are not supported with `pending_if_incomplete`: {names}.")
    plan = planned(subscription, asked)
    at = asked.get("proration_date")
    if plan.is_billed_now and behaviour == "error_if_incomplete":
        refuse_what_fails(subscription, plan)
    if plan.is_billed_now and behaviour == "pending_if_incomplete" and would_fail(subscription, plan):
        hold(subscription, plan, at)
        return
    with updating(subscription, "customer.subscription.updated"):
        for name in ("items", "billing_cycle_anchor", "status", "trial_start", "trial_end", "cancel_at"):
            subscription[name] = plan.changed[name]
        if plan.is_billed_now:
            lines = pending_lines(subscription) + plan.lines
            invoice = draft(subscription, lines, "subscription_update", proration_date=at)
            take_pending(subscription, invoice)
            use_up(subscription, {name for line in lines for name in line.off})
        else:
            for line in plan.lines:
                let_wait(subscription, line)
    if plan.begins_period:
        plan_period(subscription)
    if plan.is_billed_now:
        finalise(invoice)
        collect(invoice)


def would_fail(subscription: Thing, plan: Plan) -> bool:
    lines = pending_lines(subscription) + plan.lines
    preview = shown(plan.changed, lines, "subscription_update", invoice_id=new_id("upcoming_in_"))
    failure = failure_of(method_for(subscription), holder_is_there=False)
    return bool(preview["amount_due"] and failure)


def refuse_what_fails(subscription: Thing, plan: Plan) -> None:
    if would_fail(subscription, plan):
        raise declined(failure_of(method_for(subscription), holder_is_there=False))


def hold(subscription: Thing, plan: Plan, at: int | None) -> None:
    lines = pending_lines(subscription) + plan.lines
    invoice = draft(plan.changed, lines, "subscription_update", proration_date=at, is_certain=False)
    hold_update(subscription, plan.changed, invoice, now() + HELD)
    world.agenda.add(datetime.fromtimestamp(now() + HELD, UTC), "stripe.pending_update", invoice["id"])
    plan_period(plan.changed)
    finalise(invoice)
    collect(invoice)
