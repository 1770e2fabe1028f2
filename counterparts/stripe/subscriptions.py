"""Subscriptions, as the API makes, shows and changes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.changing import change
from counterparts.stripe.collecting import collect, declined, failure_of, method_for
from counterparts.stripe.discounts import chosen as chosen_discount
from counterparts.stripe.discounts import give
from counterparts.stripe.ending import end_now
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.invoicing import draft, finalise
from counterparts.stripe.lifecycle import begin_period, end_of_period
from counterparts.stripe.lines import period_lines, unused
from counterparts.stripe.params import (
    LIST,
    Asked,
    Shape,
    anything,
    demand,
    flag,
    mapping,
    merged,
    one_of,
    or_else,
    text,
    time_range,
    whole,
)
from counterparts.stripe.pending import let_wait, pending_lines, take_pending
from counterparts.stripe.starting import Start, start, trial_end_of
from counterparts.stripe.store import chosen, get, named, now, page
from counterparts.world import Thing, world

PRORATION = one_of("create_prorations", "always_invoice", "none")
TRIAL_SETTINGS: Shape = {"end_behavior": {"missing_payment_method": one_of("cancel", "create_invoice", "pause")}}
DISCOUNTS: Shape = [{"coupon": text, "promotion_code": text, "discount": text}]
PAYMENT = ("allow_incomplete", "error_if_incomplete", "pending_if_incomplete")
STATUSES = (
    "active",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
)
DETAILS: Shape = {"comment": text, "feedback": text}
# What changes the price, the cycle or the trial.
CHANGE: dict[str, Shape] = {
    "items": [{"id": text, "price": text, "quantity": whole, "deleted": flag, "metadata": mapping}],
    "billing_cycle_anchor": or_else("unchanged", or_else("now", whole)),
    "proration_behavior": PRORATION,
    "proration_date": whole,
    "trial_end": or_else("now", whole),
}
UPDATE: dict[str, Shape] = {
    **CHANGE,
    "automatic_tax": {"enabled": flag},
    "cancel_at": whole,
    "cancel_at_period_end": flag,
    "cancellation_details": DETAILS,
    "collection_method": one_of("charge_automatically"),
    "default_payment_method": text,
    "description": text,
    "discounts": DISCOUNTS,
    "metadata": mapping,
    "off_session": flag,
    "pause_collection": {"behavior": one_of("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": whole},
    "payment_behavior": one_of(*PAYMENT),
    "payment_settings": anything,
    "trial_settings": TRIAL_SETTINGS,
}
CREATE: dict[str, Shape] = {
    **UPDATE,
    "backdate_start_date": whole,
    "billing_mode": anything,
    "payment_behavior": one_of("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "currency": text,
    "customer": text,
    "trial_period_days": whole,
}


@takes(CREATE, "customer", "items")
def create(asked: Asked) -> Thing:
    customer = get("customer", asked["customer"], param="customer")
    method = named("payment_method", asked.get("default_payment_method"), param="default_payment_method")
    default = customer["invoice_settings"]["default_payment_method"]
    method = method or named("payment_method", default, param="customer")
    behaviour = asked.get("payment_behavior") or "allow_incomplete"
    trial_end = trial_end_of(asked)
    if method is None and not trial_end and behaviour != "default_incomplete":
        raise invalid("This customer has no default payment method.", code="resource_missing")
    failure = failure_of(method, holder_is_there=False)
    if behaviour == "error_if_incomplete" and failure and not trial_end:
        raise declined(failure)
    settings = asked.get("trial_settings") or {"end_behavior": {"missing_payment_method": "create_invoice"}}
    wanted = Start(
        customer=customer,
        items=wanted_items(asked["items"]),
        trial_end=trial_end,
        method=method,
        is_own_method="default_payment_method" in asked,
        metadata=asked.get("metadata") or {},
        description=asked.get("description"),
        discounts=asked.get("discounts") or [],
        has_automatic_tax=(asked.get("automatic_tax") or {}).get("enabled", False),
        without_card=settings["end_behavior"]["missing_payment_method"],
    )
    return start(wanted, is_collected=behaviour != "default_incomplete")


def wanted_items(asked: list[Asked]) -> list[tuple[Thing, int]]:
    return [(get("price", item["price"], param="items"), item.get("quantity") or 1) for item in asked]


@takes(UPDATE)
def update(asked: Asked, subscription_id: str) -> Thing:
    subscription = get("subscription", subscription_id)
    demand_possible(subscription, asked)
    if asked.keys() & {"items", "billing_cycle_anchor", "trial_end"}:
        change(subscription, asked)
    with updating(subscription, "customer.subscription.updated"):
        set_fields(subscription, asked)
        if "pause_collection" in asked:
            pause(subscription, asked["pause_collection"])
        if asked.keys() & {"cancel_at_period_end", "cancel_at"}:
            plan_end(subscription, asked)
        subscription["cancellation_details"] |= asked.get("cancellation_details") or {}
    return subscription


def demand_possible(subscription: Thing, asked: Asked) -> None:
    """400 before anything is changed."""
    if subscription["ended_at"] is not None and asked.keys() - {"metadata", "cancellation_details"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    method = named("payment_method", asked.get("default_payment_method"), param="default_payment_method")
    if method and method["customer"] != subscription["customer"]:
        raise invalid("The customer does not have a payment method with that ID.", param="default_payment_method")
    for discount in new_discounts(asked):
        chosen_discount(discount)
    if asked.get("pause_collection"):
        demand(asked["pause_collection"], "behavior")


def set_fields(subscription: Thing, asked: Asked) -> None:
    for name in ("default_payment_method", "description", "trial_settings"):
        if name in asked:
            subscription[name] = asked[name]
    subscription["metadata"] = merged(subscription["metadata"], asked.get("metadata"))
    subscription["automatic_tax"] |= asked.get("automatic_tax") or {}
    if "discounts" in asked:
        kept = [one["discount"] for one in asked["discounts"] if one.get("discount")]
        subscription["discounts"] = kept + give(subscription, new_discounts(asked))


def new_discounts(asked: Asked) -> list[Asked]:
    return [one for one in asked.get("discounts") or [] if not one.get("discount")]


def pause(subscription: Thing, asked: Asked | None) -> None:
    """Invoices go on being made, and are not collected."""
    if asked is None:
        subscription["pause_collection"] = None
        return
    subscription["pause_collection"] = {"behavior": asked["behavior"], "resumes_at": asked.get("resumes_at")}
    if asked.get("resumes_at"):
        at = datetime.fromtimestamp(asked["resumes_at"], UTC)
        world.agenda.add(at, "stripe.resume_collection", subscription["id"])


def plan_end(subscription: Thing, asked: dict[str, Any]) -> None:
    """End with the period, or at a time, or take that back."""
    is_with_period = asked.get("cancel_at_period_end", False)
    cancel_at = end_of_period(subscription) if is_with_period else asked.get("cancel_at")
    subscription.update(
        cancel_at=cancel_at,
        cancel_at_period_end=is_with_period,
        canceled_at=now() if cancel_at else None,
    )
    subscription["cancellation_details"] = {
        "comment": None,
        "feedback": None,
        "reason": "cancellation_requested" if cancel_at else None,
    }
    if cancel_at:
        world.agenda.add(datetime.fromtimestamp(cancel_at, UTC), "stripe.cancel_at", subscription["id"])


@takes({"cancellation_details": DETAILS, "invoice_now": flag, "prorate": flag})
def cancel(asked: Asked, subscription_id: str) -> Thing:
    subscription = get("subscription", subscription_id)
    if subscription["ended_at"] is not None:
        raise invalid(f"No such subscription: '{subscription_id}'", param="id", code="resource_missing")
    if asked.get("prorate"):
        for item in subscription["items"]["data"]:
            for line in unused(item, now()):
                let_wait(subscription, line)
    end_now(subscription, reason="cancellation_requested", comment=asked.get("cancellation_details"))
    lines = pending_lines(subscription)
    if asked.get("invoice_now") and lines:
        invoice = draft(subscription, lines, "subscription_update")
        take_pending(subscription, invoice)
        finalise(invoice)
        collect(invoice, may_retry=False)
    return subscription


@takes({"billing_cycle_anchor": one_of("now", "unchanged"), "proration_behavior": PRORATION, "proration_date": whole})
def resume(asked: Asked, subscription_id: str) -> Thing:
    """Go on after a trial that ended without a card."""
    subscription = get("subscription", subscription_id)
    if subscription["status"] != "paused":
        raise invalid("Only paused subscriptions can be resumed.")
    failure = failure_of(method_for(subscription), holder_is_there=False)
    if failure:
        raise declined(failure)
    with updating(subscription, "customer.subscription.updated"):
        subscription.update(billing_cycle_anchor=now(), status="active")
        invoice = draft(subscription, period_lines(subscription, now()), "subscription_cycle")
        begin_period(subscription, now())
    tell("customer.subscription.resumed", subscription)
    finalise(invoice)
    collect(invoice)
    return subscription


@takes(
    {
        **LIST,
        "created": time_range,
        "customer": text,
        "price": text,
        "status": one_of("all", "ended", *STATUSES),
        "current_period_end": time_range,
        "current_period_start": time_range,
    }
)
def list_subscriptions(asked: Asked) -> Thing:
    """Without a status: all that are not canceled."""
    status = asked.get("status")
    found = chosen("subscription", asked, "customer")
    if status is None:
        found = [one for one in found if one["status"] != "canceled"]
    elif status == "ended":
        found = [one for one in found if one["status"] in ("canceled", "incomplete_expired")]
    elif status != "all":
        found = [one for one in found if one["status"] == status]
    if asked.get("price"):
        found = [one for one in found if any(item["price"]["id"] == asked["price"] for item in one["items"]["data"])]
    return page(found, asked, "/v1/subscriptions")


@takes()
def show(asked: Asked, subscription_id: str) -> Thing:
    return get("subscription", subscription_id)


urlpatterns = [
    path("v1/subscriptions", resource(GET=list_subscriptions, POST=create)),
    path("v1/subscriptions/<subscription_id>", resource(GET=show, POST=update, DELETE=cancel)),
    path("v1/subscriptions/<subscription_id>/resume", resource(POST=resume)),
]
