"""Figures as pages show them, and as a spreadsheet needs them: exact, as decimal text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
class Change:
    """Of a number against the one before, in whole per cent; a spreadsheet gets six decimals of the share."""

    now: float
    before: float

    @property
    def shown(self) -> str:
        return change(self.now, self.before)

    @property
    def exact(self) -> str:
        return share(self.now - self.before, self.before).exact


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
class Span:
    """How long something took, in seconds, to the second; a spreadsheet gets the seconds."""

    seconds: float | None

    @property
    def shown(self) -> str:
        if self.seconds is None:
            return NONE
        minutes, seconds = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
        # Two units at most, and none that is nothing.
        first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
        said = [f"{number} {unit}" for number, unit in parts[first : first + 2] if number]
        return " ".join(said) or "0 s"

    @property
    def exact(self) -> str:
        return "" if self.seconds is None else f"{self.seconds:.3f}".removesuffix(".000")


@dataclass(frozen=True)
class Day:
    day: date

    @property
    def shown(self) -> str:
        return f"{self.day:%a} {self.day.day} {self.day:%b %Y}"

    @property
    def exact(self) -> str:
        return self.day.isoformat()


@dataclass(frozen=True)
class Number:
    """With so many decimals at most; a spreadsheet gets six."""

    number: float | None
    decimals: int = 1

    @property
    def shown(self) -> str:
        return NONE if self.number is None else f"{self.number:,.{self.decimals}f}"

    @property
    def exact(self) -> str:
        return "" if self.number is None else f"{self.number:.6f}".rstrip("0").rstrip(".")


def share(part: float, of: float) -> Rate:
    """A part of a whole; none of nothing."""
    return Rate(Fraction(part) / Fraction(of) if of else None)


def change(now: float, before: float) -> str:
    """By how much of what was before there is more or less now, in whole per cent."""
    if not before:
        return "new" if now else NONE
    percent = round((now - before) * 100 / before)
    sign = MINUS if percent < 0 else "+" if percent else ""
    return f"{sign}{abs(percent):,} %"
