"""Amounts of money for people. Inside, an amount is a whole number of the smallest unit, never a fraction."""

from __future__ import annotations

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
# Currencies that have no smaller unit; all others that we meet have a hundredth.
WITHOUT_HUNDREDTHS = frozenset({"JPY", "KRW", "VND", "CLP"})


def shown_money(amount: int, currency: str) -> str:
    """Such as $50, $4.17, -$12.30, CHF 50: no hundredths where there are none."""
    sign = "-" if amount < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{decimal_text(abs(amount), currency).removesuffix('.00')}"


def decimal_text(amount: int, currency: str) -> str:
    """The amount in whole units as a text with a decimal point, such as "5000.00", exactly; providers want it so."""
    if currency in WITHOUT_HUNDREDTHS:
        return f"{amount}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02}"


def amount_from(text: str, currency: str) -> int:
    """The smallest units of what `decimal_text` writes. Raises ValueError for anything else."""
    whole, point, hundredths = text.removeprefix("-").partition(".")
    if currency in WITHOUT_HUNDREDTHS:
        if hundredths.strip("0"):
            raise ValueError(f"{currency} has no hundredths: {text!r}")
        amount = digits(whole, text)
    else:
        if point and len(hundredths) not in (1, 2):
            raise ValueError(f"not an amount of {currency}: {text!r}")
        amount = digits(whole, text) * 100 + digits((hundredths or "0").ljust(2, "0"), text)
    return -amount if text.startswith("-") else amount


def digits(part: str, text: str) -> int:
    if not (part.isascii() and part.isdigit()):
        raise ValueError(f"not an amount of money: {text!r}")
    return int(part)
