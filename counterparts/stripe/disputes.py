"""Disputes: somebody's bank takes a payment back."""

from __future__ import annotations

from typing import Literal

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.charges import new_balance_transaction
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell
from counterparts.stripe.params import LIST, Asked, text, time_range
from counterparts.stripe.store import chosen, get, make, now, page
from counterparts.world import Thing

ANSWER_WITHIN = 9 * 24 * 3600  # seconds
EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def dispute(charge: Thing, reason: str = "fraudulent") -> Thing:
    """The bank takes the money back at once, until it is decided."""
    if charge["disputed"] or charge["status"] != "succeeded":
        raise invalid(f"The charge {charge['id']} cannot be disputed.")
    made = make(
        "dispute",
        "du_",
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence=dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        evidence_details={
            "due_by": now() + ANSWER_WITHIN,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=False,
        metadata={},
        network_reason_code="10.4",
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        reason=reason,
        status="needs_response",
    )
    charge["disputed"] = True
    tell("charge.dispute.created", made)
    move(made, -made["amount"], "charge.dispute.funds_withdrawn")
    return made


def close(made: Thing, outcome: Literal["won", "lost"]) -> Thing:
    """The bank has decided; what is won comes back."""
    previous, made["status"] = made["status"], outcome
    tell("charge.dispute.closed", made, {"status": previous})
    if outcome == "won":
        move(made, made["amount"], "charge.dispute.funds_reinstated")
    return made


def move(made: Thing, amount: int, kind: str) -> None:
    made["balance_transactions"].append(dict(new_balance_transaction(made, amount, "adjustment")))
    tell(kind, made)


@takes()
def accept(asked: Asked, dispute_id: str) -> Thing:
    """We agree that the money goes back."""
    return close(get("dispute", dispute_id), "lost")


@takes({**LIST, "charge": text, "created": time_range, "payment_intent": text})
def list_disputes(asked: Asked) -> Thing:
    return page(chosen("dispute", asked, "charge", "payment_intent"), asked, "/v1/disputes")


@takes()
def show(asked: Asked, dispute_id: str) -> Thing:
    return get("dispute", dispute_id)


urlpatterns = [
    path("v1/disputes", resource(GET=list_disputes)),
    path("v1/disputes/<dispute_id>", resource(GET=show)),
    path("v1/disputes/<dispute_id>/close", resource(POST=accept)),
]
