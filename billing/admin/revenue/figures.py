"""Figures as the page shows them, and as a spreadsheet needs them: exact, as decimal text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from billing.money import SYMBOLS, WITHOUT_HUNDREDTHS, decimal_text

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
SIZES = ((1_000_000, "M"), (1_000, "k"), (1, ""))
# With one of these at its beginning, spreadsheets take a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Figure(Protocol):
    @property
    def shown(self) -> str:
        """For people."""

    @property
    def exact(self) -> str:
        """For a spreadsheet; empty if there is none."""


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
class Count:
    number: int
    is_signed: bool = False

    @property
    def shown(self) -> str:
        sign = MINUS if self.number < 0 else "+" if self.is_signed and self.number else ""
        return f"{sign}{abs(self.number):,}"

    @property
    def exact(self) -> str:
        return f"{self.number}"


@dataclass(frozen=True)
class Rate:
    """Shown in percent with one decimal, halves to the even one; a spreadsheet gets six decimals of the share."""

    share: Fraction | None

    @property
    def shown(self) -> str:
        return NONE if self.share is None else f"{Decimal(round(self.share * 1000)) / 10:.1f} %"

    @property
    def exact(self) -> str:
        return "" if self.share is None else f"{Decimal(round(self.share * 1_000_000)) / 1_000_000:f}"


@dataclass(frozen=True)
class Words:
    text: str

    @property
    def shown(self) -> str:
        return self.text

    @property
    def exact(self) -> str:
        """An apostrophe before what would be a formula: spreadsheets do not show it."""
        return f"'{self.text}" if self.text.startswith(FORMULA) else self.text


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
