"""Amounts: whole numbers of the smallest unit inside, decimal strings outside."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from counterparts.paypal import errors
from counterparts.world import Thing

# Where PayPal takes no decimals.
WHOLE = ("HUF", "JPY", "TWD")


def units(money: Thing, field: str) -> int:
    """Of {"currency_code": …, "value": …}; a refusal for what is no amount."""
    try:
        value = Decimal(money["value"]).scaleb(places(money["currency_code"]))
    except (KeyError, TypeError, InvalidOperation):
        raise errors.invalid(errors.INVALID, field, money) from None
    if value != value.to_integral_value():
        raise errors.invalid(errors.INVALID, field, money["value"])
    return int(value)


def money(amount: int, currency: str) -> Thing:
    return {"currency_code": currency, "value": written_amount(amount, currency)}


def written_amount(amount: int, currency: str) -> str:
    return f"{Decimal(amount).scaleb(-places(currency)):.{places(currency)}f}"


def places(currency: str) -> int:
    return 0 if currency in WHOLE else 2
