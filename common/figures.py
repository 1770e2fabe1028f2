"""Figures as pages show them, and as a spreadsheet needs them: exact, as decimal text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
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
