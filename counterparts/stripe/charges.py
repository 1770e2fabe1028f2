"""Charges: each attempt to take money from a card, and what comes of it in our balance."""

from __future__ import annotations

from django.urls import path

from counterparts import settings
from counterparts.stripe.api import resource, takes
from counterparts.stripe.events import tell
from counterparts.stripe.params import LIST, Asked, mapping, merged, text, time_range
from counterparts.stripe.store import chosen, get, make, now, page, things
from counterparts.world import Thing


def new_charge(intent: Thing, method: Thing, failure: str) -> Thing:
    """An attempt to take the money; `failure`: the decline code, empty if it worked."""
    card = method["card"]
    charge = make(
        "charge",
        "ch_",
        amount=intent["amount"],
        amount_captured=0 if failure else intent["amount"],
        amount_refunded=0,
        application=None,
        application_fee=None,
        application_fee_amount=None,
        balance_transaction=None,
        billing_details=dict(method["billing_details"]),
        calculated_statement_descriptor="HOWTOAI",
        captured=not failure,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_balance_transaction=None,
        failure_code=error_code(failure) if failure else None,
        failure_message=message(failure) if failure else None,
        fraud_details={},
        metadata={},
        on_behalf_of=None,
        outcome={
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "declined_by_network" if failure else "approved_by_network",
            "reason": failure or None,
            "risk_level": "normal",
            "risk_score": 10,
            "seller_message": "The bank did not return any further details." if failure else "Payment complete.",
            "type": "issuer_declined" if failure else "authorized",
        },
        paid=not failure,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={
            "card": {
                "amount_authorized": None if failure else intent["amount"],
                "authorization_code": None,
                "brand": card["brand"],
                "checks": dict(card["checks"]),
                "country": card["country"],
                "exp_month": card["exp_month"],
                "exp_year": card["exp_year"],
                "extended_authorization": {"status": "disabled"},
                "fingerprint": card["fingerprint"],
                "funding": card["funding"],
                "incremental_authorization": {"status": "unavailable"},
                "installments": None,
                "last4": card["last4"],
                "mandate": None,
                "multicapture": {"status": "unavailable"},
                "network": card["brand"],
                "network_token": {"used": False},
                "network_transaction_id": None,
                "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
                "regulated_status": "unregulated",
                "three_d_secure": None,
                "wallet": None,
            },
            "type": "card",
        },
        radar_options={},
        receipt_email=None,
        receipt_number=None,
        receipt_url=None,
        refunded=False,
        review=None,
        shipping=None,
        source=None,
        source_transfer=None,
        statement_descriptor=None,
        statement_descriptor_suffix=None,
        status="failed" if failure else "succeeded",
        transfer_data=None,
        transfer_group=None,
    )
    if not failure:
        charge["balance_transaction"] = new_balance_transaction(charge, charge["amount"], "charge")["id"]
        charge["receipt_url"] = page_of(intent)
    return charge


def page_of(intent: Thing) -> str:
    """The hosted page of the invoice that an intent pays."""
    payments = things("invoice_payment").values()
    paid_by = [payment for payment in payments if payment["payment"]["payment_intent"] == intent["id"]]
    return f"{settings.OWN_URL}/stripe/invoices/{paid_by[-1]['invoice']}"


def error_code(failure: str) -> str:
    return failure if failure in ("expired_card", "authentication_required") else "card_declined"


MESSAGES = {
    "expired_card": "Your card has expired.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "authentication_failed": (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    ),
}


def message(failure: str) -> str:
    return MESSAGES.get(failure, "Your card was declined.")


def new_balance_transaction(source: Thing, amount: int, kind: str) -> Thing:
    """Money in (or out, below zero), in cents. No fee: no money moves here."""
    return make(
        "balance_transaction",
        "txn_",
        amount=amount,
        available_on=now(),
        balance_type="payments",
        currency=source["currency"],
        description=source.get("description"),
        exchange_rate=None,
        fee=0,
        fee_details=[],
        net=amount,
        reporting_category="dispute" if kind == "adjustment" else kind,
        source=source["id"],
        status="available",
        type=kind,
    )


@takes({**LIST, "created": time_range, "customer": text, "payment_intent": text})
def list_charges(asked: Asked) -> Thing:
    return page(chosen("charge", asked, "customer", "payment_intent"), asked, "/v1/charges")


@takes()
def show_charge(asked: Asked, charge_id: str) -> Thing:
    return get("charge", charge_id)


@takes({"metadata": mapping, "description": text})
def update_charge(asked: Asked, charge_id: str) -> Thing:
    charge = get("charge", charge_id)
    charge["metadata"] = merged(charge["metadata"], asked.pop("metadata", None))
    charge.update(asked)
    tell("charge.updated", charge)
    return charge


@takes()
def show_balance_transaction(asked: Asked, transaction_id: str) -> Thing:
    return get("balance_transaction", transaction_id)


@takes(LIST)
def list_balance_transactions(asked: Asked) -> Thing:
    return page(things("balance_transaction").values(), asked, "/v1/balance_transactions")


urlpatterns = [
    path("v1/charges", resource(GET=list_charges)),
    path("v1/charges/<charge_id>", resource(GET=show_charge, POST=update_charge)),
    path("v1/balance_transactions", resource(GET=list_balance_transactions)),
    path("v1/balance_transactions/<transaction_id>", resource(GET=show_balance_transaction)),
]
