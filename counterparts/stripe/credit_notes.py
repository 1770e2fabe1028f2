"""Credit notes: an invoice is worth less than it says, and who paid it gets the difference."""

from __future__ import annotations

from django.urls import path

from counterparts import settings
from counterparts.stripe.api import resource, takes
from counterparts.stripe.collecting import settle
from counterparts.stripe.customers import move_balance
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.invoicing import subscription_of
from counterparts.stripe.params import LIST, Asked, mapping, one_of, text, time_range, whole
from counterparts.stripe.refunds import charge_of, refund
from counterparts.stripe.store import chosen, find, get, listed, make, now, page
from counterparts.world import Thing, new_id

REASONS = one_of("duplicate", "fraudulent", "order_change", "product_unsatisfactory")


@takes(
    {
        "amount": whole,
        "credit_amount": whole,
        "invoice": text,
        "memo": text,
        "metadata": mapping,
        "out_of_band_amount": whole,
        "reason": REASONS,
        "refund_amount": whole,
    },
    "invoice",
)
def create(asked: Asked) -> Thing:
    """For a paid invoice the amount goes to the card, to the customer's balance or past Stripe: all of it."""
    invoice = get("invoice", asked["invoice"], param="invoice")
    amount, parts = amounts(asked, invoice)
    is_paid = invoice["status"] == "paid"
    refunds = []
    if parts["refund_amount"]:
        made = refund(charge_of(invoice), parts["refund_amount"])
        refunds = [{"amount_refunded": made["amount"], "refund": made["id"], "type": "refund"}]
    customer = get("customer", invoice["customer"])
    note = make("credit_note", "cn_", **note_fields(asked, invoice, amount, refunds))
    note["lines"] = listed([line_of(note, asked.get("memo"))], f"/v1/credit_notes/{note['id']}/lines")
    move_balance(customer, -parts["credit_amount"], "credit_note", invoice)
    with updating(invoice, "invoice.updated"):
        kind = "post_payment_credit_notes_amount" if is_paid else "pre_payment_credit_notes_amount"
        invoice[kind] += amount
        if not is_paid:
            invoice["amount_due"] -= amount
            invoice["amount_remaining"] -= amount
    tell("credit_note.created", note)
    if not is_paid and invoice["amount_due"] == 0:
        settle(invoice, subscription_of(invoice))
    return note


def amounts(asked: Asked, invoice: Thing) -> tuple[int, dict[str, int]]:
    parts = {name: asked.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount")}
    amount = asked.get("amount") or sum(parts.values())
    if invoice["status"] not in ("open", "paid"):
        raise invalid("You can only create a credit note for an open or paid invoice.", param="invoice")
    if amount <= 0:
        raise invalid("You must pass an amount greater than 0.", param="amount")
    if invoice["status"] == "paid" and sum(parts.values()) != amount:
        raise invalid(
            "The sum of credit amount, refund amount and out of band amount must equal the post payment amount.",
            param="amount",
        )
    given = invoice["post_payment_credit_notes_amount"]
    left = invoice["amount_paid"] - given if invoice["status"] == "paid" else invoice["amount_remaining"]
    if amount > left:
        raise invalid(f"The credit note amount ({amount}) is greater than what is left ({left}).", param="amount")
    return amount, parts


def note_fields(asked: Asked, invoice: Thing, amount: int, refunds: list[Thing]) -> Thing:
    is_paid = invoice["status"] == "paid"
    number = len(find("credit_note", invoice=invoice["id"])) + 1
    return {
        "amount": amount,
        "amount_shipping": 0,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": now(),
        "invoice": invoice["id"],
        "memo": asked.get("memo"),
        "metadata": asked.get("metadata") or {},
        "number": f"{invoice['number']}-CN-{number:02}",
        "out_of_band_amount": asked.get("out_of_band_amount"),
        "pdf": f"{settings.OWN_URL}/stripe/invoices/{invoice['id']}/pdf",
        "post_payment_amount": amount if is_paid else 0,
        "pre_payment_amount": 0 if is_paid else amount,
        "pretax_credit_amounts": [],
        "reason": asked.get("reason"),
        "refunds": refunds,
        "shipping_cost": None,
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "total": amount,
        "total_excluding_tax": amount,
        "total_taxes": [],
        "type": "post_payment" if is_paid else "pre_payment",
        "voided_at": None,
    }


def line_of(note: Thing, memo: str | None) -> Thing:
    return {
        "id": new_id("cnli_"),
        "object": "credit_note_line_item",
        "amount": note["amount"],
        "description": memo or "Credit",
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": 1,
        "tax_rates": [],
        "taxes": [],
        "type": "custom_line_item",
        "unit_amount": note["amount"],
        "unit_amount_decimal": str(note["amount"]),
    }


@takes({**LIST, "created": time_range, "customer": text, "invoice": text})
def list_notes(asked: Asked) -> Thing:
    return page(chosen("credit_note", asked, "customer", "invoice"), asked, "/v1/credit_notes")


@takes()
def show(asked: Asked, note_id: str) -> Thing:
    return get("credit_note", note_id)


urlpatterns = [
    path("v1/credit_notes", resource(GET=list_notes, POST=create)),
    path("v1/credit_notes/<note_id>", resource(GET=show)),
]
