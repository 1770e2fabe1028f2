"""Payment intents, setup intents, and the payments that tie them to invoices."""

from __future__ import annotations

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.events import tell
from counterparts.stripe.params import LIST, Asked, text, time_range
from counterparts.stripe.store import chosen, get, make, named, page, things
from counterparts.world import Thing, new_id


def new_intent(invoice: Thing) -> Thing:
    """What collects the money for an invoice, through all attempts."""
    intent = make(
        "payment_intent",
        "pi_",
        **NO_INTENT
        | {
            "amount": invoice["amount_due"],
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "description": "Subscription creation" if is_first(invoice) else "Subscription update",
            "setup_future_usage": "off_session" if is_first(invoice) else None,
        },
    )
    intent["client_secret"] = f"{intent['id']}_secret_{new_id('', 25)}"
    make(
        "invoice_payment",
        "inpay_",
        amount_paid=None,
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    tell("payment_intent.created", intent)
    return intent


def is_first(invoice: Thing) -> bool:
    return bool(invoice["billing_reason"] == "subscription_create")


NO_INTENT: Thing = {
    "amount": 0,
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic",
    "client_secret": None,
    "confirmation_method": "automatic",
    "currency": "usd",
    "customer": None,
    "customer_account": None,
    "description": None,
    "excluded_payment_method_types": None,
    "last_payment_error": None,
    "latest_charge": None,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {
        "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
    },
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": None,
    "shipping": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
    "transfer_group": None,
}


def intent_of(invoice: Thing) -> Thing:
    """The newest one that is to collect the money for an invoice."""
    payments = [payment for payment in things("invoice_payment").values() if payment["invoice"] == invoice["id"]]
    return get("payment_intent", payments[-1]["payment"]["payment_intent"])


def new_setup_intent(customer: Thing, method: Thing) -> Thing:
    """What stored a card for later, with nothing to pay now."""
    setup = make(
        "setup_intent",
        "seti_",
        application=None,
        automatic_payment_methods=None,
        cancellation_reason=None,
        client_secret=None,
        customer=customer["id"],
        customer_account=None,
        description=None,
        excluded_payment_method_types=None,
        flow_directions=None,
        last_setup_error=None,
        latest_attempt=None,
        mandate=None,
        metadata={},
        next_action=None,
        on_behalf_of=None,
        payment_method=method["id"],
        payment_method_configuration_details=None,
        payment_method_options={},
        payment_method_types=["card"],
        single_use_mandate=None,
        status="succeeded",
        usage="off_session",
    )
    tell("setup_intent.created", setup)
    tell("setup_intent.succeeded", setup)
    return setup


@takes({**LIST, "created": time_range, "customer": text})
def list_intents(asked: Asked) -> Thing:
    return page(chosen("payment_intent", asked, "customer"), asked, "/v1/payment_intents")


@takes({"client_secret": text})
def show_intent(asked: Asked, intent_id: str) -> Thing:
    return get("payment_intent", intent_id)


@takes(
    {
        **LIST,
        "created": time_range,
        "invoice": text,
        "payment": {"type": text, "payment_intent": text},
        "status": text,
    }
)
def list_payments(asked: Asked) -> Thing:
    named("invoice", asked.get("invoice"), param="invoice")
    found = chosen("invoice_payment", asked, "invoice", "status")
    intent = (asked.get("payment") or {}).get("payment_intent")
    if intent:
        found = [payment for payment in found if payment["payment"]["payment_intent"] == intent]
    return page(found, asked, "/v1/invoice_payments")


@takes()
def show_payment(asked: Asked, payment_id: str) -> Thing:
    return get("invoice_payment", payment_id)


@takes({**LIST, "customer": text, "payment_method": text})
def list_setup_intents(asked: Asked) -> Thing:
    return page(chosen("setup_intent", asked, "customer", "payment_method"), asked, "/v1/setup_intents")


@takes({"client_secret": text})
def show_setup_intent(asked: Asked, setup_id: str) -> Thing:
    return get("setup_intent", setup_id)


urlpatterns = [
    path("v1/payment_intents", resource(GET=list_intents)),
    path("v1/payment_intents/<intent_id>", resource(GET=show_intent)),
    path("v1/invoice_payments", resource(GET=list_payments)),
    path("v1/invoice_payments/<payment_id>", resource(GET=show_payment)),
    path("v1/setup_intents", resource(GET=list_setup_intents)),
    path("v1/setup_intents/<setup_id>", resource(GET=show_setup_intent)),
]
