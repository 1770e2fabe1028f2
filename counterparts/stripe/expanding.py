"""`expand[]`: ids replaced by what they name, and what is shown only to those who ask for it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from counterparts.stripe.errors import invalid
from counterparts.stripe.store import find, listed, things
from counterparts.world import Thing

DEEPEST = 4

# The field → the kind of what its id names.
NAMED = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "coupon": "coupon",
    "credit_note": "credit_note",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "discount": "discount",
    "discounts": "discount",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "pending_setup_intent": "setup_intent",
    "price": "price",
    "product": "product",
    "promotion_code": "promotion_code",
    "refund": "refund",
    "setup_intent": "setup_intent",
    "subscription": "subscription",
}


def expanded(thing: Thing, wanted: list[str]) -> Thing:
    """A copy of the thing with every path of `wanted`, such as `data.customer`, filled in."""
    copy = deepcopy(thing)
    for path in wanted:
        way = path.split(".")
        if len(way) > DEEPEST + (copy.get("object") == "list"):
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property: {path}", param="expand")
        expand(copy, way, path)
    return copy


def expand(place: Any, way: list[str], path: str) -> None:
    if not way or place is None:
        return
    if isinstance(place, list):
        for value in place:
            expand(value, way, path)
        return
    name, *rest = way
    included = INCLUDED.get((place.get("object", ""), name))
    if included:
        place[name] = deepcopy(included(place))
    elif name not in place:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    place[name] = filled(name, place[name])
    expand(place[name], rest, path)


def filled(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [filled(name, one) for one in value]
    if isinstance(value, str) and name in NAMED:
        return deepcopy(things(NAMED[name]).get(value, value))
    return value


def payments_of(invoice: Thing) -> Thing:
    return listed(find("invoice_payment", invoice=invoice["id"]), "/v1/invoice_payments")


def secret_of(invoice: Thing) -> Thing | None:
    for payment in find("invoice_payment", invoice=invoice["id"], status="open"):
        intent = things("payment_intent")[payment["payment"]["payment_intent"]]
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None


def tax_ids_of(customer: Thing) -> Thing:
    return listed(find("tax_id", customer=customer["id"]), f"/v1/customers/{customer['id']}/tax_ids")


def subscriptions_of(customer: Thing) -> Thing:
    alive = [one for one in find("subscription", customer=customer["id"]) if one["status"] != "canceled"]
    return listed(alive[::-1], f"/v1/customers/{customer['id']}/subscriptions")


def sources_of(customer: Thing) -> Thing:
    return listed([], f"/v1/customers/{customer['id']}/sources")


def line_items_of(session: Thing) -> Thing:
    items = find("item", session=session["id"])
    shown = [{name: value for name, value in item.items() if name != "session"} for item in items]
    return listed(shown, f"/v1/checkout/sessions/{session['id']}/line_items")


def refunds_of(charge: Thing) -> Thing:
    return listed(find("refund", charge=charge["id"])[::-1], f"/v1/charges/{charge['id']}/refunds")


def products_of(coupon: Thing) -> Thing | None:
    products = things("coupon_products").get(coupon["id"])
    return {"products": products["ids"]} if products else None


def nothing(_: Thing) -> None:
    return None


# What an object shows only when it is asked for.
INCLUDED: dict[tuple[str, str], Callable[[Thing], Any]] = {
    ("invoice", "payments"): payments_of,
    ("invoice", "confirmation_secret"): secret_of,
    ("customer", "tax_ids"): tax_ids_of,
    ("customer", "subscriptions"): subscriptions_of,
    ("customer", "sources"): sources_of,
    ("checkout.session", "line_items"): line_items_of,
    ("charge", "refunds"): refunds_of,
    ("coupon", "applies_to"): products_of,
    ("price", "tiers"): nothing,
    ("price", "currency_options"): nothing,
    ("product", "currency_options"): nothing,
}
