"""The plans as the page of prices shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.models import Interval, Plan, Price
from billing.money import shown_money

BY = {Interval.MONTH: "Monthly", Interval.YEAR: "Yearly"}


@dataclass(frozen=True)
class Choice:
    """One interval of a plan; `saving` is what a year costs less than its months, in words, empty if nothing."""

    interval: str
    label: str
    amount: str
    saving: str
    chosen: bool


@dataclass(frozen=True)
class Column:
    plan: Plan
    choices: list[Choice]
    is_current: bool


def columns(plans: list[Plan], *, current: str, interval: str) -> list[Column]:
    """Of plans `with_prices`; `current` is the code of the plan that whoever looks has, `interval` chosen at first."""
    return [Column(plan, list(choices_of(plan, interval)), plan.code == current) for plan in plans]


def choices_of(plan: Any, interval: str) -> Iterator[Choice]:
    """The first price of each interval: one currency is shown, that of the first one."""
    offers: dict[str, Price] = {}
    for price in plan.offers:
        if price.currency == plan.offers[0].currency:
            offers.setdefault(price.interval, price)
    wanted = interval if interval in offers else next(iter(offers), "")
    for price in offers.values():
        yield Choice(
            interval=price.interval,
            label=BY[Interval(price.interval)],
            amount=shown_money(price.amount, price.currency),
            saving=saving(price, offers.get(Interval.MONTH)),
            chosen=price.interval == wanted,
        )


def saving(price: Price, monthly: Price | None) -> str:
    less = monthly.annual_amount - price.annual_amount if monthly else 0
    return shown_money(less, price.currency) if less > 0 else ""
