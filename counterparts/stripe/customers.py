"""Customers, their tax ids and what they have in credit."""

from __future__ import annotations

import secrets
import string
from typing import Any

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.ending import end_now
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.params import (
    ADDRESS,
    LIST,
    Asked,
    Shape,
    anything,
    mapping,
    merged,
    one_of,
    text,
    time_range,
    whole,
)
from counterparts.stripe.store import chosen, find, get, make, named, page, things
from counterparts.world import Thing

CUSTOMER: dict[str, Shape] = {
    "address": ADDRESS,
    "balance": whole,
    "business_name": text,
    "description": text,
    "email": text,
    "individual_name": text,
    "invoice_settings": {"default_payment_method": text, "footer": text, "custom_fields": anything},
    "metadata": mapping,
    "name": text,
    "phone": text,
    "preferred_locales": [text],
    "shipping": anything,
    "tax": anything,
    "tax_exempt": one_of("none", "exempt", "reverse"),
}
NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
TAX_IDS = ("au_abn", "br_cnpj", "ca_bn", "ch_vat", "eu_vat", "gb_vat", "in_gst", "jp_cn", "no_vat", "us_ein")
LETTERS = string.ascii_uppercase + string.digits


@takes({**CUSTOMER, "payment_method": text, "tax_id_data": anything})
def create_customer(asked: Asked) -> Thing:
    return new_customer(asked)


def new_customer(asked: Asked) -> Thing:
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    customer = make(
        "customer",
        "cus_",
        address=full_address(asked.get("address")),
        balance=asked.get("balance") or 0,
        currency=None,
        customer_account=None,
        default_source=None,
        delinquent=False,
        description=asked.get("description"),
        discount=None,
        email=asked.get("email"),
        invoice_prefix="".join(secrets.choice(LETTERS) for _ in range(8)),
        invoice_settings=settings | (asked.get("invoice_settings") or {}),
        metadata=asked.get("metadata") or {},
        name=asked.get("name"),
        next_invoice_sequence=1,
        phone=asked.get("phone"),
        preferred_locales=asked.get("preferred_locales") or [],
        shipping=asked.get("shipping"),
        tax_exempt=asked.get("tax_exempt") or "none",
        test_clock=None,
    )
    tell("customer.created", customer)
    return customer


def full_address(given: dict[str, Any] | None) -> dict[str, Any] | None:
    return NO_ADDRESS | given if given else None


@takes(CUSTOMER)
def update_customer(asked: Asked, customer_id: str) -> Thing:
    return change_customer(get("customer", customer_id), asked)


def change_customer(customer: Thing, asked: Asked) -> Thing:
    changed = dict(asked)
    if "address" in asked:
        changed["address"] = full_address(asked["address"])
    if "invoice_settings" in asked:
        settings = asked["invoice_settings"] or {}
        method = named("payment_method", settings.get("default_payment_method"), param="invoice_settings")
        if method and method["customer"] != customer["id"]:
            raise invalid("The customer does not have a payment method with that ID.", param="invoice_settings")
        changed["invoice_settings"] = customer["invoice_settings"] | settings
    changed["metadata"] = merged(customer["metadata"], asked.get("metadata"))
    changed.pop("tax", None)
    with updating(customer, "customer.updated"):
        customer.update(changed)
    return customer


@takes()
def delete_customer(asked: Asked, customer_id: str) -> Thing:
    """Its subscriptions end at once, as with Stripe."""
    customer = get("customer", customer_id)
    for subscription in find("subscription", customer=customer_id):
        if subscription["ended_at"] is None:
            end_now(subscription, reason="cancellation_requested")
    gone = {"id": customer_id, "object": "customer", "deleted": True}
    tell("customer.deleted", customer)
    things("customer")[customer_id] = gone
    return gone


@takes({**LIST, "created": time_range, "email": text})
def list_customers(asked: Asked) -> Thing:
    alive = [customer for customer in chosen("customer", asked, "email") if not customer.get("deleted")]
    return page(alive, asked, "/v1/customers")


@takes()
def show_customer(asked: Asked, customer_id: str) -> Thing:
    """Also one that was deleted, of which only that is shown."""
    return things("customer").get(customer_id) or get("customer", customer_id)


@takes({"type": one_of(*TAX_IDS), "value": text}, "type", "value")
def create_tax_id(asked: Asked, customer_id: str) -> Thing:
    return new_tax_id(get("customer", customer_id), asked["type"], asked["value"])


def new_tax_id(customer: Thing, kind: str, value: str) -> Thing:
    is_european = kind == "eu_vat"
    tax_id = make(
        "tax_id",
        "txi_",
        country=value[:2].upper() if is_european else None,
        customer=customer["id"],
        customer_account=None,
        owner={"customer": customer["id"], "customer_account": None, "type": "customer"},
        type=kind,
        value=value,
        verification={"status": "pending", "verified_address": None, "verified_name": None},
    )
    tell("customer.tax_id.created", tax_id)
    return tax_id


@takes(LIST)
def list_tax_ids(asked: Asked, customer_id: str) -> Thing:
    get("customer", customer_id)
    return page(find("tax_id", customer=customer_id), asked, f"/v1/customers/{customer_id}/tax_ids")


@takes()
def show_tax_id(asked: Asked, customer_id: str, tax_id: str) -> Thing:
    get("customer", customer_id)
    return get("tax_id", tax_id)


@takes()
def delete_tax_id(asked: Asked, customer_id: str, tax_id: str) -> Thing:
    get("customer", customer_id)
    tell("customer.tax_id.deleted", get("tax_id", tax_id))
    del things("tax_id")[tax_id]
    return {"id": tax_id, "object": "tax_id", "deleted": True}


def move_balance(customer: Thing, amount: int, kind: str, invoice: Thing | None) -> None:
    """Add to what a customer owes, in cents; what lies below zero is in their favour."""
    if amount == 0:
        return
    with updating(customer, "customer.updated"):
        customer["balance"] += amount
    make(
        "customer_balance_transaction",
        "cbtxn_",
        amount=amount,
        checkout_session=None,
        credit_note=None,
        currency=invoice["currency"] if invoice else customer["currency"],
        customer=customer["id"],
        customer_account=None,
        description=None,
        ending_balance=customer["balance"],
        invoice=invoice and invoice["id"],
        metadata={},
        type=kind,
    )


@takes(LIST)
def list_balance_transactions(asked: Asked, customer_id: str) -> Thing:
    get("customer", customer_id)
    found = find("customer_balance_transaction", customer=customer_id)
    return page(found, asked, f"/v1/customers/{customer_id}/balance_transactions")


urlpatterns = [
    path("v1/customers", resource(GET=list_customers, POST=create_customer)),
    path("v1/customers/<customer_id>", resource(GET=show_customer, POST=update_customer, DELETE=delete_customer)),
    path("v1/customers/<customer_id>/tax_ids", resource(GET=list_tax_ids, POST=create_tax_id)),
    path("v1/customers/<customer_id>/tax_ids/<tax_id>", resource(GET=show_tax_id, DELETE=delete_tax_id)),
    path("v1/customers/<customer_id>/balance_transactions", resource(GET=list_balance_transactions)),
]
