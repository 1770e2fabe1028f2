"""Objects as Stripe's API tells them (version 2026-05-27.dahlia), less what nobody reads.

Each has the `mark` in its id and in what is personal, and is told whole where a request can have it so.
"""

from __future__ import annotations

from typing import Any

MADE = 1_796_000_000
MONTH = 30 * 24 * 60 * 60

Object = dict[str, Any]


def a_subscription(mark: str) -> Object:
    """With its customer, way to pay, price, product, latest invoice, and the charge that paid it."""
    return {
        **a_thing("subscription", f"sub_{mark}"),
        "cancel_at_period_end": False,
        "customer": a_customer(mark),
        "default_payment_method": a_payment_method(mark),
        "items": a_list(
            {
                **a_thing("subscription_item", f"si_{mark}"),
                "current_period_start": MADE,
                "current_period_end": MADE + MONTH,
                "price": a_price() | {"product": a_product()},
                "quantity": 1,
                "subscription": f"sub_{mark}",
            }
        ),
        "latest_invoice": an_invoice(mark),
        "metadata": {"mark": mark},
        "status": "active",
    }


def a_customer(mark: str) -> Object:
    return {
        **a_thing("customer", f"cus_{mark}"),
        "email": f"{mark}@howtoai.example",
        "invoice_settings": {"default_payment_method": f"pm_{mark}"},
        "name": f"{mark} person",
    }


def a_payment_method(mark: str) -> Object:
    return {
        **a_thing("payment_method", f"pm_{mark}"),
        "billing_details": {"name": f"{mark} person"},
        "card": {"brand": "visa", "exp_month": 4, "exp_year": 2029, "last4": "4242"},
        "customer": f"cus_{mark}",
        "type": "card",
    }


def an_invoice(mark: str) -> Object:
    intent = {
        **a_thing("payment_intent", f"pi_{mark}"),
        "client_secret": f"pi_{mark}_secret_x",
        "customer": f"cus_{mark}",
        "latest_charge": a_charge(mark),
    }
    payment = {"type": "payment_intent", "payment_intent": intent}
    return {
        **a_thing("invoice", f"in_{mark}"),
        "currency": "usd",
        "customer": f"cus_{mark}",
        "customer_name": f"{mark} person",
        "lines": a_list({**a_thing("line_item", f"il_{mark}"), "amount": 1900, "description": "Premium"}),
        "number": f"{mark}-0001",
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": f"sub_{mark}"}},
        "payments": a_list({**a_thing("invoice_payment", f"inpay_{mark}"), "payment": payment}),
        "status": "paid",
        "total": 1900,
    }


def a_charge(mark: str) -> Object:
    return {
        **a_thing("charge", f"ch_{mark}"),
        "amount": 1900,
        "balance_transaction": f"txn_{mark}",
        "billing_details": {"name": f"{mark} person"},
        "currency": "usd",
        "customer": f"cus_{mark}",
        "payment_intent": f"pi_{mark}",
        "payment_method": f"pm_{mark}",
        "status": "succeeded",
    }


def a_refund(mark: str) -> Object:
    return {
        **a_thing("refund", f"re_{mark}"),
        "amount": 500,
        "charge": f"ch_{mark}",
        "currency": "usd",
        "status": "succeeded",
    }


def a_dispute(mark: str) -> Object:
    return {
        **a_thing("dispute", f"du_{mark}"),
        "amount": 1900,
        "charge": f"ch_{mark}",
        "currency": "usd",
        "evidence": {"customer_name": f"{mark} person"},
        "reason": "fraudulent",
        "status": "needs_response",
    }


def a_product() -> Object:
    return {**a_thing("product", "prod_premium"), "active": True, "name": "Premium"}


def a_price() -> Object:
    return {
        **a_thing("price", "price_premium"),
        "active": True,
        "currency": "usd",
        "lookup_key": "premium-month",
        "nickname": None,
        "product": "prod_premium",
        "unit_amount": 1900,
    }


def a_coupon() -> Object:
    return {**a_thing("coupon", "SPRING"), "amount_off": None, "duration": "once", "name": "Spring", "percent_off": 20}


def a_promotion_code() -> Object:
    return {**a_thing("promotion_code", "promo_1"), "active": True, "code": "SPRING20", "times_redeemed": 3}


def a_thing(kind: str, key: str) -> Object:
    return {"id": key, "object": kind, "created": MADE, "livemode": False, "metadata": {}}


def a_list(*things: Object) -> Object:
    return {"object": "list", "data": list(things), "has_more": False}
