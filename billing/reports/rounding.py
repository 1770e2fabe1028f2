"""Twelfths of annual amounts that are whole and still add up.

A year at $500 is $41.666… a month. If each figure were rounded by itself, the rows of a table would not add up to its
last; if each subscription were, the error would grow with their number. So what is rounded, once, is how one plan by
one provider stands, and everything else follows from that: what moved it in a month is shared out so that it adds up to
the change, and whatever is larger (all plans, all providers, several months) is a sum of these. Each movement is off by
a fraction of a cent, the whole by half a cent at most for each plan and provider, and every row and every column adds
up. What did not move does not change by a cent, and what is gone is nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TypeVar

from billing.reports.movements import Movements

Key = TypeVar("Key")
A_YEAR = 12  # months


def twelfth(annual: int) -> int:
    """A month's share of an annual amount, to the nearest whole unit, halves to the even one."""
    return round(Fraction(annual, A_YEAR))


def by_month(annual: Mapping[date, Mapping[Key, Movements]]) -> dict[date, dict[Key, Movements]]:
    """The monthly amounts of all movements since the beginning, by month and by plan and provider."""
    monthly: dict[date, dict[Key, Movements]] = {}
    standing: dict[Key, int] = defaultdict(int)
    for month in sorted(annual):
        monthly[month] = {}
        for key, movements in annual[month].items():
            before = standing[key]
            standing[key] += movements.total
            monthly[month][key] = shared_out(movements, twelfth(standing[key]) - twelfth(before))
    return monthly


def shared_out(annual: Movements, whole: int) -> Movements:
    """As monthly amounts that add up to `whole`; where there was nothing there is nothing."""
    places = [place for place, amount in enumerate(annual) if amount]
    monthly = [0] * len(annual)
    for place, share in zip(places, apportion([annual[place] for place in places], whole), strict=True):
        monthly[place] = share
    return Movements(*monthly)


def apportion(annual: Sequence[int], whole: int) -> list[int]:
    """Whole numbers that add up to `whole`, each as near to a twelfth as that allows: by the largest remainder."""
    shares = [amount // A_YEAR for amount in annual]
    by_remainder = sorted(range(len(annual)), key=lambda place: annual[place] % A_YEAR, reverse=True)
    missing = whole - sum(shares)
    for number in range(missing):
        shares[by_remainder[number % len(shares)]] += 1
    for number in range(-missing):
        shares[by_remainder[-1 - number % len(shares)]] -= 1
    return shares
