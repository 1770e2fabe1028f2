"""Coupons, and the promotion codes with which people claim them."""

from __future__ import annotations

import secrets
import string

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.discounts import is_valid
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.params import (
    LIST,
    Asked,
    Shape,
    flag,
    fraction,
    mapping,
    merged,
    one_of,
    text,
    time_range,
    whole,
)
from counterparts.stripe.store import chosen, find, get, make, named, now, page, things
from counterparts.world import Thing

LETTERS = string.ascii_uppercase + string.digits
COUPON: dict[str, Shape] = {
    "id": text,
    "amount_off": whole,
    "applies_to": {"products": [text]},
    "currency": text,
    "duration": one_of("forever", "once", "repeating"),
    "duration_in_months": whole,
    "max_redemptions": whole,
    "metadata": mapping,
    "name": text,
    "percent_off": fraction,
    "redeem_by": whole,
}
RESTRICTIONS: Shape = {"first_time_transaction": flag, "minimum_amount": whole, "minimum_amount_currency": text}


@takes(COUPON)
def create_coupon(asked: Asked) -> Thing:
    demand_sense(asked)
    coupon = make(
        "coupon",
        "",
        thing_id=asked.get("id") or "".join(secrets.choice(LETTERS) for _ in range(8)),
        amount_off=asked.get("amount_off"),
        currency=(asked.get("currency") or "").lower() or None,
        duration=asked.get("duration") or "once",
        duration_in_months=asked.get("duration_in_months"),
        max_redemptions=asked.get("max_redemptions"),
        metadata=asked.get("metadata") or {},
        name=asked.get("name"),
        percent_off=asked.get("percent_off"),
        redeem_by=asked.get("redeem_by"),
        times_redeemed=0,
        valid=True,
    )
    if asked.get("applies_to"):
        things("coupon_products")[coupon["id"]] = {"ids": asked["applies_to"]["products"]}
    tell("coupon.created", coupon)
    return coupon


def demand_sense(asked: Asked) -> None:
    if (asked.get("percent_off") is None) == (asked.get("amount_off") is None):
        raise invalid("Must provide either percent_off or amount_off, and not both.")
    if asked.get("amount_off") is not None and not asked.get("currency"):
        raise invalid("You must pass currency when passing amount_off", param="currency")
    if asked.get("percent_off") is not None and not 0 < asked["percent_off"] <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100", param="percent_off")
    if (asked.get("duration") == "repeating") != bool(asked.get("duration_in_months")):
        raise invalid("duration_in_months goes with duration=repeating, and with no other.", param="duration_in_months")
    if asked.get("id") in things("coupon"):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")


@takes({"metadata": mapping, "name": text})
def update_coupon(asked: Asked, coupon_id: str) -> Thing:
    coupon = get("coupon", coupon_id)
    with updating(coupon, "coupon.updated"):
        coupon["metadata"] = merged(coupon["metadata"], asked.pop("metadata", None))
        coupon.update(asked)
    return coupon


@takes()
def delete_coupon(asked: Asked, coupon_id: str) -> Thing:
    """Nobody can claim it any more; who has it keeps it."""
    coupon = get("coupon", coupon_id)
    coupon["valid"] = False
    tell("coupon.deleted", coupon)
    return {"id": coupon_id, "object": "coupon", "deleted": True}


@takes({**LIST, "created": time_range})
def list_coupons(asked: Asked) -> Thing:
    return page(things("coupon").values(), asked, "/v1/coupons")


@takes()
def show_coupon(asked: Asked, coupon_id: str) -> Thing:
    return get("coupon", coupon_id)


@takes(
    {
        "active": flag,
        "code": text,
        "customer": text,
        "expires_at": whole,
        "max_redemptions": whole,
        "metadata": mapping,
        "promotion": {"coupon": text, "type": one_of("coupon")},
        "restrictions": RESTRICTIONS,
    },
    "promotion",
)
def create_code(asked: Asked) -> Thing:
    coupon = get("coupon", asked["promotion"].get("coupon") or "", param="promotion[coupon]")
    named("customer", asked.get("customer"), param="customer")
    word = asked.get("code") or "".join(secrets.choice(LETTERS) for _ in range(8))
    if code_for(word):
        raise invalid("An active promotion code with `code: " + word + "` already exists.", param="code")
    restrictions = asked.get("restrictions") or {}
    code = make(
        "promotion_code",
        "promo_",
        active=asked.get("active", True),
        code=word,
        customer=asked.get("customer"),
        customer_account=None,
        expires_at=asked.get("expires_at"),
        max_redemptions=asked.get("max_redemptions"),
        metadata=asked.get("metadata") or {},
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions={
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        times_redeemed=0,
    )
    tell("promotion_code.created", code)
    return code


@takes({"active": flag, "metadata": mapping, "restrictions": RESTRICTIONS})
def update_code(asked: Asked, code_id: str) -> Thing:
    code = get("promotion_code", code_id)
    with updating(code, "promotion_code.updated"):
        code["metadata"] = merged(code["metadata"], asked.get("metadata"))
        code["active"] = asked.get("active", code["active"])
    return code


@takes({**LIST, "active": flag, "code": text, "coupon": text, "created": time_range, "customer": text})
def list_codes(asked: Asked) -> Thing:
    found = chosen("promotion_code", asked, "active", "customer")
    if asked.get("code"):
        found = [code for code in found if code["code"].casefold() == asked["code"].casefold()]
    if asked.get("coupon"):
        found = [code for code in found if code["promotion"]["coupon"] == asked["coupon"]]
    return page(found, asked, "/v1/promotion_codes")


@takes()
def show_code(asked: Asked, code_id: str) -> Thing:
    return get("promotion_code", code_id)


def code_for(word: str) -> Thing | None:
    """The active promotion code that people type; capitals do not matter."""
    found = [code for code in find("promotion_code", active=True) if code["code"].casefold() == word.casefold()]
    return found[0] if found else None


def claimed(word: str, customer_id: str | None, amount: int) -> Thing | None:
    """The code that somebody may use for a purchase of so many cents; None if there is no such code for them."""
    code = code_for(word.strip())
    if code is None or not is_valid(get("coupon", code["promotion"]["coupon"])):
        return None
    rules = code["restrictions"]
    has_paid_before = any(invoice["amount_paid"] for invoice in find("invoice", customer=customer_id))
    refusals = (
        code["expires_at"] is not None and code["expires_at"] <= now(),
        code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"],
        code["customer"] not in (None, customer_id),
        rules["minimum_amount"] is not None and amount < rules["minimum_amount"],
        rules["first_time_transaction"] and customer_id is not None and has_paid_before,
    )
    return None if any(refusals) else code


urlpatterns = [
    path("v1/coupons", resource(GET=list_coupons, POST=create_coupon)),
    path("v1/coupons/<coupon_id>", resource(GET=show_coupon, POST=update_coupon, DELETE=delete_coupon)),
    path("v1/promotion_codes", resource(GET=list_codes, POST=create_code)),
    path("v1/promotion_codes/<code_id>", resource(GET=show_code, POST=update_code)),
]
