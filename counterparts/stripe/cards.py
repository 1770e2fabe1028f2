"""Test cards, and payment methods made of them. What a card does is no secret of the stand-in: it is printed on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.customers import NO_ADDRESS
from counterparts.stripe.errors import Refused, invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.params import ADDRESS, LIST, Asked, Shape, anything, mapping, merged, one_of, text, whole
from counterparts.stripe.store import find, get, make, page, things
from counterparts.world import Thing, world

YEARS_GOOD = 3


@dataclass(frozen=True)
class Card:
    title: str
    last4: str
    # Stripe's name for it in test mode, which its API takes in place of a payment method.
    token: str
    decline: str = ""
    # Asks its holder to approve: "" never, "once" when it is stored, "always" at each payment.
    approval: str = ""
    fails_later: bool = False
    expires_soon: bool = False


CARDS = {
    "works": Card("Works", "4242", "pm_card_visa"),
    "declined": Card("Is declined", "0002", "pm_card_chargeDeclined", decline="generic_decline"),
    "secure": Card("Asks for 3-D Secure once", "3155", "pm_card_authenticationRequiredOnSetup", approval="once"),
    "secure_always": Card("Asks for 3-D Secure each time", "3184", "pm_card_authenticationRequired", approval="always"),
    "fails_later": Card(
        "Works now, fails at the next renewal",
        "0341",
        "pm_card_chargeCustomerFail",
        decline="insufficient_funds",
        fails_later=True,
    ),
    "expires_soon": Card(
        "Works, and expires at the end of this month", "4444", "pm_card_mastercard", expires_soon=True
    ),
}
TOKENS = {card.token: kind for kind, card in CARDS.items()}
DETAILS: Shape = {"address": ADDRESS, "email": text, "name": text, "phone": text, "tax_id": text}


def new_card(kind: str, details: Mapping[str, Any] | None = None) -> Thing:
    """A payment method that nobody has yet."""
    card, today = CARDS[kind], world.clock.now()
    details = details or {}
    method = make(
        "payment_method",
        "pm_",
        allow_redisplay="unspecified",
        billing_details={
            "address": NO_ADDRESS | (details.get("address") or {}),
            "email": details.get("email"),
            "name": details.get("name"),
            "phone": details.get("phone"),
            "tax_id": None,
        },
        card={
            "brand": "mastercard" if card.last4 == "4444" else "visa",
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": "mastercard" if card.last4 == "4444" else "visa",
            "exp_month": today.month,
            "exp_year": today.year + (0 if card.expires_soon else YEARS_GOOD),
            "fingerprint": f"StandIn{card.last4}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": ["mastercard" if card.last4 == "4444" else "visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        customer=None,
        customer_account=None,
        metadata={},
        type="card",
    )
    things("card")[method["id"]] = {"kind": kind, "is_approved": False}
    return method


def card_of(method: Thing) -> Card:
    return CARDS[things("card")[method["id"]]["kind"]]


def needs_approval(method: Thing) -> bool:
    """Whether its holder must be asked now, if they are there to be asked."""
    approval = card_of(method).approval
    return approval == "always" or (approval == "once" and not things("card")[method["id"]]["is_approved"])


def approve(method: Thing) -> None:
    things("card")[method["id"]]["is_approved"] = True


def refusal(method: Thing, *, holder_is_there: bool) -> str:
    """Why a charge fails now: the decline code, or an empty string if it doesn't."""
    card, shown, today = card_of(method), method["card"], world.clock.now()
    if (shown["exp_year"], shown["exp_month"]) < (today.year, today.month):
        return "expired_card"
    if card.decline and not (card.fails_later and holder_is_there):
        return card.decline
    return ""


def attach(method: Thing, customer: Thing) -> Thing:
    if method["customer"] not in (None, customer["id"]):
        raise invalid("The payment method you provided has already been attached to a customer.")
    if method["customer"] is None:
        method["customer"] = customer["id"]
        tell("payment_method.attached", method)
    return method


def as_method(name: str, *, param: str) -> Thing:
    """The payment method with this id, or a new one for one of Stripe's test names."""
    if name in TOKENS:
        return new_card(TOKENS[name])
    return get("payment_method", name, param=param)


@takes(
    {"type": one_of("card"), "card": {"token": text}, "billing_details": DETAILS, "metadata": mapping}, "type", "card"
)
def create_method(asked: Asked) -> Thing:
    """`card[token]` is one of Stripe's names for test cards, such as `pm_card_visa` or `tok_visa`."""
    token = (asked["card"].get("token") or "").replace("tok_", "pm_card_")
    if token not in TOKENS:
        raise Refused(402, "Sending credit card numbers directly to the Stripe API is unsafe.", kind="card_error")
    return new_card(TOKENS[token], asked.get("billing_details"))


@takes({"customer": text}, "customer")
def attach_method(asked: Asked, method_id: str) -> Thing:
    customer = get("customer", asked["customer"], param="customer")
    method = as_method(method_id, param="payment_method")
    if card_of(method).decline and not card_of(method).fails_later:
        raise Refused(
            402,
            "Your card was declined.",
            kind="card_error",
            code="card_declined",
            decline_code=card_of(method).decline,
        )
    return attach(method, customer)


@takes()
def detach_method(asked: Asked, method_id: str) -> Thing:
    return detach(get("payment_method", method_id))


def detach(method: Thing) -> Thing:
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    customer = things("customer")[method["customer"]]
    if not customer.get("deleted") and customer["invoice_settings"]["default_payment_method"] == method["id"]:
        with updating(customer, "customer.updated"):
            customer["invoice_settings"]["default_payment_method"] = None
    for subscription in find("subscription", default_payment_method=method["id"]):
        subscription["default_payment_method"] = None
    previous, method["customer"] = method["customer"], None
    tell("payment_method.detached", method, {"customer": previous})
    return method


@takes(
    {
        "billing_details": DETAILS,
        "card": {"exp_month": whole, "exp_year": whole},
        "metadata": mapping,
        "allow_redisplay": text,
    }
)
def update_method(asked: Asked, method_id: str) -> Thing:
    method = get("payment_method", method_id)
    with updating(method, "payment_method.updated"):
        method["billing_details"] |= asked.get("billing_details") or {}
        method["card"] |= asked.get("card") or {}
        method["metadata"] = merged(method["metadata"], asked.get("metadata"))
    return method


@takes({**LIST, "customer": text, "type": text, "allow_redisplay": anything})
def list_methods(asked: Asked) -> Thing:
    found = find("payment_method", customer=asked["customer"]) if asked.get("customer") else []
    return page(found, asked, "/v1/payment_methods")


@takes({**LIST, "type": text, "allow_redisplay": anything})
def list_methods_of_customer(asked: Asked, customer_id: str) -> Thing:
    get("customer", customer_id)
    found = find("payment_method", customer=customer_id)
    return page(found, asked, f"/v1/customers/{customer_id}/payment_methods")


@takes()
def show_method(asked: Asked, method_id: str, customer_id: str = "") -> Thing:
    return get("payment_method", method_id)


urlpatterns = [
    path("v1/payment_methods", resource(GET=list_methods, POST=create_method)),
    path("v1/payment_methods/<method_id>", resource(GET=show_method, POST=update_method)),
    path("v1/payment_methods/<method_id>/attach", resource(POST=attach_method)),
    path("v1/payment_methods/<method_id>/detach", resource(POST=detach_method)),
    path("v1/customers/<customer_id>/payment_methods", resource(GET=list_methods_of_customer)),
    path("v1/customers/<customer_id>/payment_methods/<method_id>", resource(GET=show_method)),
]
