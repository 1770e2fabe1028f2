"""Figures of money and months, beside those of common.figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.money import SYMBOLS, WITHOUT_HUNDREDTHS, decimal_text
from common.figures import MINUS, NONE

SIZES = ((1_000_000, "M"), (1_000, "k"), (1, ""))


@dataclass(frozen=True)
class Money:
    """In the smallest unit. With all its digits, so that a column reads as one, or `is_signed` if it is a change."""

    amount: int | None
    currency: str
    is_signed: bool = False

    @property
    def shown(self) -> str:
        if self.amount is None:
            return NONE
        text = decimal_text(abs(self.amount), self.currency)
        sign = MINUS if self.amount < 0 else "+" if self.is_signed and self.amount else ""
        return f"{sign}{symbol(self.currency)}{Decimal(text):,}"

    @property
    def exact(self) -> str:
        return "" if self.amount is None else decimal_text(self.amount, self.currency)


@dataclass(frozen=True)
class Month:
    first: date
    is_open: bool = False

    @property
    def shown(self) -> str:
        return f"{self.first:%b %Y}{', so far' if self.is_open else ''}"

    @property
    def exact(self) -> str:
        return f"{self.first:%Y-%m}"


def symbol(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ")


def short_money(amount: float, currency: str) -> str:
    """For an axis, where there is little room: $2.5k, €1.2M."""
    units = Decimal(amount) / (1 if currency in WITHOUT_HUNDREDTHS else 100)
    size, suffix = next(((size, suffix) for size, suffix in SIZES if abs(units) >= size), (1, ""))
    return f"{MINUS if units < 0 else ''}{symbol(currency)}{(abs(units) / size).normalize():f}{suffix}"
