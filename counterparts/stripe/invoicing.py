"""Invoices are made, finalised, paid for and given up here; what asks for that stands in other modules."""

from __future__ import annotations

from typing import Any

from counterparts import settings
from counterparts.stripe.customers import move_balance
from counterparts.stripe.events import tell, updating
from counterparts.stripe.intents import new_intent
from counterparts.stripe.lines import Line, note_billed
from counterparts.stripe.store import find, get, listed, now, things
from counterparts.world import Thing, new_id


def draft(
    subscription: Thing, lines: list[Line], reason: str, *, proration_date: int | None = None, is_certain: bool = True
) -> Thing:
    """A new invoice that may still change; `invoice.created` is told. Not certain: the change waits for the money."""
    invoice = shown(subscription, lines, reason, invoice_id=new_id("in_"), proration_date=proration_date)
    things("invoice")[invoice["id"]] = invoice
    if is_certain:
        for line in invoice["lines"]["data"]:
            note_billed(line)
    customer = things("customer")[subscription["customer"]]
    customer["currency"] = invoice["currency"]
    subscription["latest_invoice"] = invoice["id"]
    tell("invoice.created", invoice)
    return invoice


def shown(
    subscription: Thing, lines: list[Line], reason: str, *, invoice_id: str, proration_date: int | None = None
) -> Thing:
    """The invoice for these lines; nothing is kept and nobody is told, so it serves as a preview too."""
    customer = things("customer").get(subscription["customer"] or "", {})
    invoice = empty(subscription, customer, reason) | {"id": invoice_id}
    invoice["parent"]["subscription_details"]["subscription_proration_date"] = proration_date
    url = f"/v1/invoices/{invoice_id}/lines"
    invoice["lines"] = {"total_count": len(lines)} | listed([line.shown(invoice, subscription) for line in lines], url)
    off: dict[str, int] = {}
    for line in lines:
        for name, amount in line.off.items():
            off[name] = off.get(name, 0) + amount
    subtotal = sum(line.amount for line in lines)
    total = subtotal - sum(off.values())
    due = max(0, total + invoice["starting_balance"])
    return invoice | {
        "amount_due": due,
        "amount_remaining": due,
        "discounts": list(off),
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_discount_amounts": [{"amount": amount, "discount": name} for name, amount in off.items()],
        "total_excluding_tax": total,
        "total_pretax_credit_amounts": [
            {"amount": amount, "discount": name, "type": "discount"} for name, amount in off.items()
        ],
    }


def empty(subscription: Thing, customer: Thing, reason: str) -> Thing:
    items = subscription["items"]["data"]
    is_first = reason == "subscription_create"
    return {
        "id": "",
        "object": "invoice",
        "account_country": "US",
        "account_name": "How-to-AI",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": dict(subscription["automatic_tax"])
        | {"provider": "stripe" if subscription["automatic_tax"]["enabled"] else None, "status": None},
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": now(),
        "currency": subscription["currency"],
        "custom_fields": None,
        "customer": subscription["customer"],
        "customer_account": None,
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_shipping": None,
        "customer_tax_exempt": customer.get("tax_exempt"),
        "customer_tax_ids": [
            {"type": tax_id["type"], "value": tax_id["value"]} for tax_id in find("tax_id", customer=customer.get("id"))
        ],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
                "subscription_proration_date": None,
            },
            "type": "subscription_details",
        },
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now(),
        "period_start": now() if is_first else items[0]["current_period_start"],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer.get("balance", 0),
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": None,
        "threshold_reason": None,
        "total_taxes": [],
        "webhooks_delivered_at": now(),
    }


def finalise(invoice: Thing) -> None:
    """From here on it cannot change: it has a number, takes what the customer has in credit, and can be paid."""
    customer = things("customer")[invoice["customer"]]
    starting = customer["balance"]
    due = max(0, invoice["total"] + starting)
    ending = min(0, invoice["total"] + starting)
    url = f"{settings.OWN_URL}/stripe/invoices/{invoice['id']}"
    invoice["status_transitions"]["finalized_at"] = now()
    invoice.update(
        amount_due=due,
        amount_remaining=due,
        automatically_finalizes_at=None,
        effective_at=now(),
        ending_balance=ending,
        hosted_invoice_url=url,
        invoice_pdf=f"{url}/pdf",
        number=f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}",
        starting_balance=starting,
        status="open",
    )
    if invoice["automatic_tax"]["enabled"]:
        invoice["automatic_tax"]["status"] = "complete"
    customer["next_invoice_sequence"] += 1
    move_balance(customer, ending - starting, "applied_to_invoice", invoice)
    if due:
        new_intent(invoice)
    tell("invoice.finalized", invoice)


def mark_paid(invoice: Thing) -> None:
    with updating(invoice, "invoice.updated"):
        invoice["status_transitions"]["paid_at"] = now()
        invoice.update(
            amount_paid=invoice["amount_due"],
            amount_remaining=0,
            attempted=True,
            next_payment_attempt=None,
            status="paid",
        )
    tell("invoice.paid", invoice)
    tell("invoice.payment_succeeded", invoice)


def give_up(invoice: Thing, *, as_void: bool) -> None:
    """No more is asked for it: it was a mistake (void), or will not come in (uncollectible)."""
    status, when, kind = (
        ("void", "voided_at", "invoice.voided")
        if as_void
        else ("uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")
    )
    with updating(invoice, "invoice.updated"):
        invoice["status_transitions"][when] = now()
        invoice.update(status=status, next_payment_attempt=None, auto_advance=False)
    tell(kind, invoice)
    if as_void:
        for payment in find("invoice_payment", invoice=invoice["id"], status="open"):
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = now()
            intent = things("payment_intent")[payment["payment"]["payment_intent"]]
            intent.update(status="canceled", canceled_at=now(), cancellation_reason="void_invoice", next_action=None)
            tell("payment_intent.canceled", intent)


def subscription_of(invoice: Thing) -> Thing:
    details: dict[str, Any] = invoice["parent"]["subscription_details"]
    return get("subscription", details["subscription"])


def invoices_of(subscription: Thing) -> list[Thing]:
    return [
        invoice
        for invoice in things("invoice").values()
        if invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]
    ]
