"""What coupons take off: kept with a subscription as discounts, reckoned line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from counterparts.stripe.errors import invalid
from counterparts.stripe.events import updating
from counterparts.stripe.periods import add_months
from counterparts.stripe.store import get, make, named, now, things
from counterparts.world import Thing


def give(subscription: Thing, asked: list[dict[str, Any]], *, session: str | None = None) -> list[str]:
    """Make the discounts that were asked for, each a coupon or a promotion code; gives their ids."""
    return [redeem(subscription, *chosen(one), session=session)["id"] for one in asked]


def chosen(asked: dict[str, Any]) -> tuple[Thing, Thing | None]:
    code = named("promotion_code", asked.get("promotion_code"), param="discounts")
    coupon_id = code["promotion"]["coupon"] if code else asked.get("coupon")
    if coupon_id is None:
        raise invalid("Each discount must name a coupon or a promotion code.", param="discounts")
    coupon = get("coupon", coupon_id, param="discounts")
    if not coupon["valid"] or not is_valid(coupon):
        raise invalid(f"Coupon expired: {coupon_id}", param="discounts", code="coupon_expired")
    if code and not code["active"]:
        raise invalid("This promotion code is not active.", param="discounts", code="promotion_code_expired")
    return coupon, code


def redeem(subscription: Thing, coupon: Thing, code: Thing | None, *, session: str | None) -> Thing:
    begin = now()
    end = None
    if coupon["duration"] == "repeating":
        end = int(add_months(datetime.fromtimestamp(begin, UTC), coupon["duration_in_months"]).timestamp())
    discount = make(
        "discount",
        "di_",
        checkout_session=session,
        customer=subscription["customer"],
        customer_account=None,
        end=end,
        invoice=None,
        invoice_item=None,
        promotion_code=code and code["id"],
        source={"coupon": coupon["id"], "type": "coupon"},
        start=begin,
        subscription=subscription["id"],
        subscription_item=None,
    )
    with updating(coupon, "coupon.updated"):
        coupon["times_redeemed"] += 1
        coupon["valid"] = is_valid(coupon)
    if code:
        with updating(code, "promotion_code.updated"):
            code["times_redeemed"] += 1
    return discount


def is_valid(coupon: Thing) -> bool:
    is_used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    is_late = coupon["redeem_by"] is not None and coupon["redeem_by"] < now()
    return not is_used_up and not is_late


def coupons_of(subscription: Thing, at: int) -> list[tuple[str, Thing]]:
    """The discounts that hold at a time: the id of each and its coupon."""
    found = [things("discount")[discount_id] for discount_id in subscription["discounts"]]
    return [
        (discount["id"], things("coupon")[discount["source"]["coupon"]])
        for discount in found
        if discount["end"] is None or at < discount["end"]
    ]


def taken_off(coupons: list[tuple[str, Thing]], amounts: list[int]) -> list[dict[str, int]]:
    """For each amount, in cents, what each discount takes off it: `[{"di_…": 500}, {}]`."""
    taken: list[dict[str, int]] = [{} for _ in amounts]
    for discount_id, coupon in coupons:
        rests = [max(0, amount - sum(already.values())) for amount, already in zip(amounts, taken, strict=True)]
        for already, off in zip(taken, shares(coupon, rests), strict=True):
            if off:
                already[discount_id] = off
    return taken


def shares(coupon: Thing, rests: list[int]) -> list[int]:
    if coupon["percent_off"] is not None:
        percent = Decimal(str(coupon["percent_off"]))
        return [int((rest * percent / 100).quantize(Decimal(1), ROUND_HALF_UP)) for rest in rests]
    left, offs = coupon["amount_off"], []
    for rest in rests:
        offs.append(min(rest, left))
        left -= offs[-1]
    return offs


def net(coupons: list[tuple[str, Thing]], amount: int) -> int:
    """What remains of an amount."""
    (taken,) = taken_off(coupons, [amount])
    return amount - sum(taken.values())


def use_up(subscription: Thing, used: set[str]) -> None:
    """What held for one invoice, and what is over, goes from the subscription."""
    subscription["discounts"] = [
        discount_id for discount_id in subscription["discounts"] if not is_over(discount_id, used)
    ]


def is_over(discount_id: str, used: set[str]) -> bool:
    discount = things("discount")[discount_id]
    if discount["end"] is not None:
        return bool(discount["end"] <= now())
    return discount_id in used and things("coupon")[discount["source"]["coupon"]]["duration"] == "once"
