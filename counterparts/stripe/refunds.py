"""Refunds: money of a charge goes back."""

from __future__ import annotations

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.charges import new_balance_transaction
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.params import LIST, Asked, mapping, merged, one_of, text, time_range, whole
from counterparts.stripe.store import chosen, get, make, named, page, things
from counterparts.world import Thing


@takes(
    {
        "amount": whole,
        "charge": text,
        "metadata": mapping,
        "payment_intent": text,
        "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    }
)
def create(asked: Asked) -> Thing:
    charge = named("charge", asked.get("charge"), param="charge")
    intent = named("payment_intent", asked.get("payment_intent"), param="payment_intent")
    if intent:
        charge = named("charge", intent["latest_charge"], param="payment_intent")
    if charge is None:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    return refund(charge, asked.get("amount"), asked.get("reason"), asked.get("metadata"))


def refund(
    charge: Thing, amount: int | None, reason: str | None = None, metadata: dict[str, str] | None = None
) -> Thing:
    """Give back so many cents of a charge, or all that is left of it."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise invalid("This charge has been charged back, and cannot be refunded.", code="charge_disputed")
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is not None and not 0 < amount <= left:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    amount = amount or left
    made = make(
        "refund",
        "re_",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        destination_details={
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        metadata=metadata or {},
        payment_intent=charge["payment_intent"],
        reason=reason,
        receipt_number=None,
        source_transfer_reversal=None,
        status="succeeded",
        transfer_reversal=None,
    )
    made["balance_transaction"] = new_balance_transaction(made, -amount, "refund")["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tell("refund.created", made)
    tell(
        "charge.refunded",
        charge,
        {"amount_refunded": charge["amount_refunded"] - amount} | ({"refunded": False} if charge["refunded"] else {}),
    )
    return made


@takes({"metadata": mapping})
def update(asked: Asked, refund_id: str) -> Thing:
    found = get("refund", refund_id)
    with updating(found, "refund.updated"):
        found["metadata"] = merged(found["metadata"], asked.get("metadata"))
    return found


@takes({**LIST, "charge": text, "created": time_range, "payment_intent": text})
def list_refunds(asked: Asked) -> Thing:
    return page(chosen("refund", asked, "charge", "payment_intent"), asked, "/v1/refunds")


@takes()
def show(asked: Asked, refund_id: str) -> Thing:
    return get("refund", refund_id)


def charge_of(invoice: Thing) -> Thing:
    """The charge that paid an invoice."""
    for payment in things("invoice_payment").values():
        if payment["invoice"] == invoice["id"] and payment["status"] == "paid":
            return get("charge", get("payment_intent", payment["payment"]["payment_intent"])["latest_charge"])
    raise invalid(f"No money was taken for the invoice {invoice['id']}.")


urlpatterns = [
    path("v1/refunds", resource(GET=list_refunds, POST=create)),
    path("v1/refunds/<refund_id>", resource(GET=show, POST=update)),
]
