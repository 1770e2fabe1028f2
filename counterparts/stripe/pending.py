"""What waits: items for the next invoice, and a change of a subscription for its money."""

from __future__ import annotations

from typing import Any

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.events import tell, updating
from counterparts.stripe.invoicing import give_up, subscription_of
from counterparts.stripe.lines import Line, note_billed
from counterparts.stripe.params import LIST, Asked, flag, text, time_range
from counterparts.stripe.store import chosen, get, make, now, page, things
from counterparts.world import Thing, world


def let_wait(subscription: Thing, line: Line) -> None:
    """Put a proration on the next invoice instead of one of its own."""
    billed: dict[str, Any] = line.credited or {}
    credited = billed and {
        "invoice_line_item_details": billed,
        "type": "invoice_line_items",
    }
    item = make(
        "invoiceitem",
        "ii_",
        amount=line.amount,
        currency=subscription["currency"],
        customer=subscription["customer"],
        customer_account=None,
        date=now(),
        description=line.description,
        discountable=False,
        discounts=[],
        invoice=None,
        metadata={},
        net_amount=line.amount,
        parent={
            "subscription_details": {"subscription": subscription["id"], "subscription_item": line.item["id"]},
            "type": "subscription_details",
        },
        period={"end": line.end, "start": line.start},
        pricing={
            "price_details": {"price": line.price["id"], "product": line.price["product"]},
            "type": "price_details",
            "unit_amount_decimal": line.price["unit_amount_decimal"],
        },
        proration=True,
        proration_details={"credited_items": credited or None, "discount_amounts": []},
        quantity=line.quantity,
        quantity_decimal=str(line.quantity),
        tax_rates=[],
        test_clock=None,
    )
    line.waited_as = item["id"]
    # What is charged this way can be given back again by the next change.
    note_billed(line.shown({"id": None, "currency": subscription["currency"]}, subscription) | {"id": item["id"]})
    tell("invoiceitem.created", item)


def pending_lines(subscription: Thing) -> list[Line]:
    return [
        Line(
            item={"id": waiting["parent"]["subscription_details"]["subscription_item"]},
            price=things("price")[waiting["pricing"]["price_details"]["price"]],
            quantity=waiting["quantity"],
            amount=waiting["amount"],
            start=waiting["period"]["start"],
            end=waiting["period"]["end"],
            description=waiting["description"],
            is_proration=True,
            waited_as=waiting["id"],
        )
        for waiting in waiting_for(subscription)
    ]


def waiting_for(subscription: Thing) -> list[Thing]:
    return [
        item
        for item in things("invoiceitem").values()
        if item["invoice"] is None and item["parent"]["subscription_details"]["subscription"] == subscription["id"]
    ]


def take_pending(subscription: Thing, invoice: Thing) -> None:
    """They wait no more: they stand on this invoice."""
    for item in waiting_for(subscription):
        item["invoice"] = invoice["id"]


def hold_update(subscription: Thing, changed: Thing, invoice: Thing, expires_at: int) -> None:
    """The change is made when its invoice is paid, and not at all if that does not happen in time."""
    with updating(subscription, "customer.subscription.updated"):
        subscription["latest_invoice"] = invoice["id"]
        subscription["pending_update"] = {
            "billing_cycle_anchor": changed["billing_cycle_anchor"],
            "discounts": None,
            "expires_at": expires_at,
            "metadata": None,
            "subscription_items": changed["items"]["data"],
            "trial_end": None,
            "trial_from_plan": None,
        }


def apply_pending_update(subscription: Thing, invoice: Thing) -> bool:
    """Make the change that waited for this invoice, if one did."""
    waiting = subscription["pending_update"]
    if waiting is None or subscription["latest_invoice"] != invoice["id"]:
        return False
    with updating(subscription, "customer.subscription.updated"):
        subscription["items"]["data"] = waiting["subscription_items"]
        subscription["billing_cycle_anchor"] = waiting["billing_cycle_anchor"]
        subscription["pending_update"] = None
    for line in invoice["lines"]["data"]:
        note_billed(line)
    tell("customer.subscription.pending_update_applied", subscription)
    return True


@world.agenda.act("stripe.pending_update")
def drop_pending_update(invoice_id: str) -> None:
    invoice = get("invoice", invoice_id)
    subscription = subscription_of(invoice)
    waiting = subscription["pending_update"]
    if waiting is None or subscription["latest_invoice"] != invoice_id:
        return
    with updating(subscription, "customer.subscription.updated"):
        subscription["pending_update"] = None
    tell("customer.subscription.pending_update_expired", subscription)
    give_up(invoice, as_void=True)


@takes({**LIST, "created": time_range, "customer": text, "invoice": text, "pending": flag})
def list_items(asked: Asked) -> Thing:
    found = chosen("invoiceitem", asked, "customer", "invoice")
    if "pending" in asked:
        found = [item for item in found if (item["invoice"] is None) == asked["pending"]]
    return page(found, asked, "/v1/invoiceitems")


@takes()
def show_item(asked: Asked, item_id: str) -> Thing:
    return get("invoiceitem", item_id)


urlpatterns = [
    path("v1/invoiceitems", resource(GET=list_items)),
    path("v1/invoiceitems/<item_id>", resource(GET=show_item)),
]
