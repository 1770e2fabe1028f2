"""Invoices, as the API shows, previews and settles them."""

from __future__ import annotations

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.cards import as_method
from counterparts.stripe.changing import planned
from counterparts.stripe.collecting import collect, declined, failure_of, method_for, settle
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import updating
from counterparts.stripe.intents import intent_of
from counterparts.stripe.invoicing import finalise, give_up, shown, subscription_of
from counterparts.stripe.items import new_item
from counterparts.stripe.lifecycle import end_of_period
from counterparts.stripe.lines import Line, period_lines, trial_lines
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
    text,
    time_range,
    whole,
)
from counterparts.stripe.pending import pending_lines
from counterparts.stripe.periods import period_end
from counterparts.stripe.starting import Start, fields, trial_end_of
from counterparts.stripe.store import chosen, get, listed, now, page
from counterparts.stripe.subscriptions import CHANGE, wanted_items
from counterparts.world import Thing, new_id

PREVIEW: dict[str, Shape] = {
    "automatic_tax": anything,
    "currency": text,
    "customer": text,
    "customer_details": anything,
    "discounts": anything,
    "preview_mode": one_of("next"),
    "subscription": text,
    "subscription_details": {
        **CHANGE,
        "billing_mode": anything,
        "start_date": whole,
    },
}


@takes(PREVIEW)
def preview(asked: Asked) -> Thing:
    """What the next invoice will be: that of a change, of the next renewal, or of a new subscription."""
    details = asked.get("subscription_details") or {}
    if not asked.get("subscription"):
        return preview_start(asked, details)
    subscription = get("subscription", asked["subscription"], param="subscription")
    if subscription["ended_at"] is not None:
        raise invalid(
            "You cannot preview the upcoming invoice for a canceled subscription.", code="invoice_upcoming_none"
        )
    plan = planned(subscription, details)
    if plan.is_billed_now:
        lines, reason = pending_lines(subscription) + plan.lines, "subscription_update"
    elif subscription["cancel_at_period_end"] and not plan.lines:
        raise invalid("No upcoming invoices for customer", code="invoice_upcoming_none")
    else:
        lines, reason = pending_lines(subscription) + plan.lines, "subscription_cycle"
        lines += period_lines(plan.changed, end_of_period(plan.changed))
    return previewed(plan.changed, lines, reason, asked=details)


def previewed(subscription: Thing, lines: list[Line], reason: str, *, asked: Asked) -> Thing:
    date = asked.get("proration_date") or (now() if any(line.is_proration for line in lines) else None)
    invoice = shown(subscription, lines, reason, invoice_id=new_id("upcoming_in_"), proration_date=date)
    due, balance = invoice["total"], invoice["starting_balance"]
    return invoice | {"ending_balance": min(0, due + balance)}


def preview_start(asked: Asked, details: Asked) -> Thing:
    demand(details, "items")
    customer = get("customer", asked["customer"], param="customer") if asked.get("customer") else {"id": None}
    wanted = Start(customer=customer, items=wanted_items(details["items"]), trial_end=trial_end_of(details))
    subscription = {"id": None, **fields(wanted)}
    end = wanted.trial_end or period_end(wanted.items[0][0], now(), now())
    subscription["items"]["data"] = [new_item("", price, quantity, now(), end) for price, quantity in wanted.items]
    lines = trial_lines(subscription) if wanted.trial_end else period_lines(subscription, now())
    return previewed(subscription, lines, "subscription_create", asked=details)


@takes(
    {"forgive": flag, "off_session": flag, "paid_out_of_band": flag, "payment_method": text, "source": anything},
)
def pay(asked: Asked, invoice_id: str) -> Thing:
    invoice = get("invoice", invoice_id)
    if invoice["status"] == "draft":
        finalise(invoice)
    demand_open(
        invoice, "Invoice is already paid" if invoice["status"] == "paid" else "This invoice can no longer be paid"
    )
    if asked.get("paid_out_of_band"):
        with updating(invoice, "invoice.updated"):
            invoice["amount_paid_off_stripe"] = invoice["amount_due"]
        settle(invoice, subscription_of(invoice))
        return invoice
    method = as_method(asked["payment_method"], param="payment_method") if asked.get("payment_method") else None
    method = method or method_for(subscription_of(invoice))
    failure = failure_of(method, holder_is_there=False)
    if collect(invoice, method=method, may_retry=False) != "paid":
        raise declined(failure, intent_of(invoice))
    return invoice


def demand_open(invoice: Thing, message: str) -> None:
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(message, code="invoice_not_open")


@takes()
def void(asked: Asked, invoice_id: str) -> Thing:
    invoice = get("invoice", invoice_id)
    demand_open(invoice, "You can only pass in open or uncollectible invoices.")
    give_up(invoice, as_void=True)
    return invoice


@takes()
def mark_uncollectible(asked: Asked, invoice_id: str) -> Thing:
    invoice = get("invoice", invoice_id)
    demand_open(invoice, "You can only mark open invoices as uncollectible.")
    give_up(invoice, as_void=False)
    return invoice


@takes({"auto_advance": flag})
def finalize(asked: Asked, invoice_id: str) -> Thing:
    invoice = get("invoice", invoice_id)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    finalise(invoice)
    if invoice["amount_due"] == 0:
        settle(invoice, subscription_of(invoice))
    return invoice


@takes({"auto_advance": flag, "description": text, "footer": text, "metadata": mapping})
def update(asked: Asked, invoice_id: str) -> Thing:
    invoice = get("invoice", invoice_id)
    with updating(invoice, "invoice.updated"):
        invoice["metadata"] = merged(invoice["metadata"], asked.pop("metadata", None))
        invoice.update(asked)
    return invoice


@takes(
    {
        **LIST,
        "collection_method": text,
        "created": time_range,
        "customer": text,
        "due_date": anything,
        "status": one_of("draft", "open", "paid", "uncollectible", "void"),
        "subscription": text,
    }
)
def list_invoices(asked: Asked) -> Thing:
    found = chosen("invoice", asked, "customer", "status")
    if asked.get("subscription"):
        found = [one for one in found if subscription_of(one)["id"] == asked["subscription"]]
    return page(found, asked, "/v1/invoices")


@takes(LIST)
def list_lines(asked: Asked, invoice_id: str) -> Thing:
    lines = get("invoice", invoice_id)["lines"]["data"]
    limit = asked.get("limit") or 10
    return listed(lines[:limit], f"/v1/invoices/{invoice_id}/lines", has_more=len(lines) > limit)


@takes()
def show(asked: Asked, invoice_id: str) -> Thing:
    return get("invoice", invoice_id)


urlpatterns = [
    path("v1/invoices", resource(GET=list_invoices)),
    path("v1/invoices/create_preview", resource(POST=preview)),
    path("v1/invoices/<invoice_id>", resource(GET=show, POST=update)),
    path("v1/invoices/<invoice_id>/finalize", resource(POST=finalize)),
    path("v1/invoices/<invoice_id>/lines", resource(GET=list_lines)),
    path("v1/invoices/<invoice_id>/mark_uncollectible", resource(POST=mark_uncollectible)),
    path("v1/invoices/<invoice_id>/pay", resource(POST=pay)),
    path("v1/invoices/<invoice_id>/void", resource(POST=void)),
]
