"""Checkout sessions: somebody is on the way to subscribe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.urls import path

from counterparts import settings
from counterparts.stripe.api import resource, takes
from counterparts.stripe.discounts import chosen as chosen_discount
from counterparts.stripe.discounts import taken_off
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell
from counterparts.stripe.expanding import line_items_of
from counterparts.stripe.params import (
    LIST,
    Asked,
    Shape,
    anything,
    demand,
    flag,
    mapping,
    one_of,
    or_else,
    text,
    time_range,
    whole,
)
from counterparts.stripe.starting import trial_end_of
from counterparts.stripe.store import chosen, get, make, named, now, page, things
from counterparts.world import Thing, new_id, world

OPEN_FOR = 24 * 3600  # seconds
SUBSCRIPTION_DATA: Shape = {
    "billing_cycle_anchor": whole,
    "billing_mode": anything,
    "description": text,
    "metadata": mapping,
    "trial_end": or_else("now", whole),
    "trial_period_days": whole,
    "trial_settings": {"end_behavior": {"missing_payment_method": one_of("cancel", "create_invoice", "pause")}},
}
SESSION: dict[str, Shape] = {
    "allow_promotion_codes": flag,
    "automatic_tax": {"enabled": flag},
    "billing_address_collection": one_of("auto", "required"),
    "cancel_url": text,
    "client_reference_id": text,
    "consent_collection": anything,
    "currency": text,
    "custom_text": anything,
    "customer": text,
    "customer_email": text,
    "customer_update": {"address": text, "name": text, "shipping": text},
    "discounts": [{"coupon": text, "promotion_code": text}],
    "expires_at": whole,
    "line_items": [{"price": text, "quantity": whole, "adjustable_quantity": anything}],
    "locale": text,
    "metadata": mapping,
    "mode": one_of("payment", "setup", "subscription"),
    "payment_method_collection": one_of("always", "if_required"),
    "payment_method_types": [text],
    "phone_number_collection": anything,
    "saved_payment_method_options": anything,
    "submit_type": text,
    "subscription_data": SUBSCRIPTION_DATA,
    "success_url": text,
    "tax_id_collection": {"enabled": flag, "required": text},
    "ui_mode": one_of("hosted_page"),
}


@takes(SESSION, "mode", "line_items", "success_url")
def create(asked: Asked) -> Thing:
    if asked["mode"] != "subscription":
        raise invalid("This stand-in sells subscriptions only: mode must be `subscription`.", param="mode")
    if asked.get("customer") and asked.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.", param="customer")
    if asked.get("allow_promotion_codes") and asked.get("discounts"):
        raise invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    customer = named("customer", asked.get("customer"), param="customer")
    if customer:
        demand_updates(asked, customer)
    wanted = [(named_price(item), item.get("quantity") or 1) for item in asked["line_items"]]
    for discount in asked.get("discounts") or []:
        chosen_discount(discount)
    expires_at = asked.get("expires_at") or now() + OPEN_FOR
    session = make("checkout.session", "cs_test_", **session_fields(asked, customer, expires_at))
    session["url"] = f"{settings.OWN_URL}/stripe/checkout/{session['id']}"
    for price, quantity in wanted:
        add_item(session, price, quantity)
    session["currency"] = wanted[0][0]["currency"]
    # What Checkout makes of it, which the session itself does not show.
    data = asked.get("subscription_data") or {}
    things("checkout")[session["id"]] = {
        "subscription_data": data,
        "customer_update": asked.get("customer_update") or {},
    }
    reckon(session)
    world.agenda.add(datetime.fromtimestamp(expires_at, UTC), "stripe.session_end", session["id"])
    return session


def demand_updates(asked: Asked, customer: Thing) -> None:
    """Some of what Checkout collects is kept with the customer, which it may do only if it is told so."""
    allowed = asked.get("customer_update") or {}
    if (asked.get("tax_id_collection") or {}).get("enabled") and allowed.get("name") != "auto":
        raise invalid(
            "Tax ID collection requires updating business name on the customer. "
            "To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`."
        )
    needs_address = (asked.get("automatic_tax") or {}).get("enabled") and not customer["address"]
    if needs_address and allowed.get("address") != "auto":
        raise invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. "
            "Add a valid address to the Customer or set `customer_update[address]` to `auto`.",
            code="customer_tax_location_invalid",
        )


def named_price(item: Asked) -> Thing:
    demand(item, "price")
    price = get("price", item["price"], param="line_items[0][price]")
    if not price["active"] or price["recurring"] is None:
        raise invalid("The price specified is inactive or not recurring.", param="line_items[0][price]")
    return price


def session_fields(asked: Asked, customer: Thing | None, expires_at: int) -> dict[str, Any]:
    has_automatic_tax = (asked.get("automatic_tax") or {}).get("enabled", False)
    email = asked.get("customer_email") or (customer or {}).get("email")
    return {
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": asked.get("allow_promotion_codes"),
        "amount_subtotal": 0,
        "amount_total": 0,
        "automatic_tax": {
            "enabled": has_automatic_tax,
            "liability": {"type": "self"} if has_automatic_tax else None,
            "provider": "stripe" if has_automatic_tax else None,
            "status": "complete" if has_automatic_tax else None,
        },
        "billing_address_collection": asked.get("billing_address_collection"),
        "cancel_url": asked.get("cancel_url"),
        "client_reference_id": asked.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "currency": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": customer and customer["id"],
        "customer_account": None,
        "customer_creation": None if customer else "always",
        "customer_details": email and customer_details(email),
        "customer_email": asked.get("customer_email"),
        "discounts": [
            {"coupon": one.get("coupon"), "promotion_code": one.get("promotion_code")}
            for one in asked.get("discounts") or []
        ],
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": None,
        "locale": asked.get("locale"),
        "metadata": asked.get("metadata") or {},
        "mode": "subscription",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": asked.get("payment_method_collection") or "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
        },
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": asked["success_url"],
        "tax_id_collection": {"enabled": False, "required": "never"} | (asked.get("tax_id_collection") or {}),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "wallet_options": None,
    }


def customer_details(email: str | None, **more: Any) -> Thing:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
        **more,
    }


def add_item(session: Thing, price: Thing, quantity: int) -> None:
    item_id = new_id("li_")
    things("item")[item_id] = {
        "id": item_id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": price["unit_amount"] * quantity,
        "amount_tax": 0,
        "amount_total": price["unit_amount"] * quantity,
        "currency": price["currency"],
        "description": things("product")[price["product"]]["name"],
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "session": session["id"],
    }


def items_of(session: Thing) -> list[Thing]:
    return [item for item in things("item").values() if item["session"] == session["id"]]


def reckon(session: Thing) -> None:
    """The amounts that are due today, with what is taken off; nothing while there is a trial."""
    items = items_of(session)
    is_trial = trial_of(session) is not None
    amounts = [0 if is_trial else item["price"]["unit_amount"] * item["quantity"] for item in items]
    coupons = [(str(number), chosen_discount(one)[0]) for number, one in enumerate(session["discounts"])]
    for item, amount, off in zip(items, amounts, taken_off(coupons, amounts), strict=True):
        discount = sum(off.values())
        item.update(amount_discount=discount, amount_subtotal=amount, amount_total=amount - discount)
    session["amount_subtotal"] = sum(amounts)
    session["amount_total"] = sum(item["amount_total"] for item in items)
    session["total_details"]["amount_discount"] = session["amount_subtotal"] - session["amount_total"]


def trial_of(session: Thing) -> int | None:
    """When the trial would end that begins now, if there is one."""
    return trial_end_of(things("checkout")[session["id"]]["subscription_data"])


@takes({**LIST, "created": time_range, "customer": text, "status": text, "subscription": text, "payment_intent": text})
def list_sessions(asked: Asked) -> Thing:
    found = chosen("checkout.session", asked, "customer", "status", "subscription", "payment_intent")
    return page(found, asked, "/v1/checkout/sessions")


@takes()
def show(asked: Asked, session_id: str) -> Thing:
    return get("checkout.session", session_id)


@takes(LIST)
def list_items(asked: Asked, session_id: str) -> Thing:
    return line_items_of(get("checkout.session", session_id))


@takes()
def expire(asked: Asked, session_id: str) -> Thing:
    session = get("checkout.session", session_id)
    if session["status"] != "open":
        raise invalid(f"This Session is not in an expireable state: it is {session['status']}.")
    end(session)
    return session


@world.agenda.act("stripe.session_end")
def end_in_time(session_id: str) -> None:
    session = get("checkout.session", session_id)
    if session["status"] == "open":
        end(session)


def end(session: Thing) -> None:
    session.update(status="expired", url=None)
    tell("checkout.session.expired", session)


urlpatterns = [
    path("v1/checkout/sessions", resource(GET=list_sessions, POST=create)),
    path("v1/checkout/sessions/<session_id>", resource(GET=show)),
    path("v1/checkout/sessions/<session_id>/expire", resource(POST=expire)),
    path("v1/checkout/sessions/<session_id>/line_items", resource(GET=list_items)),
]
