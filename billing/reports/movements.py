"""What revenue, or the number of customers, went up and down by. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Movements(NamedTuple):
    """Each with its sign, so that what was there and all of these make what is there then."""

    new: int = 0
    reactivation: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    # To or from other plans and providers; nothing over all of them together.
    moved: int = 0

    @property
    def total(self) -> int:
        return sum(self)


def added(several: Iterable[Movements]) -> Movements:
    return Movements(*map(sum, zip(Movements(), *several, strict=True)))
