"""When a subscription's periods end, and what a part of one is worth."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from counterparts.world import Thing

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def period_end(price: Thing, anchor: int, start: int) -> int:
    """The first end after `start` of the periods that are counted from `anchor`, in seconds since 1970.

    Counted from the anchor, not from the last end: what began on 31 January renews on 28 February
    and then on 31 March.
    """
    recurring = price["recurring"]
    begin, number = datetime.fromtimestamp(anchor, UTC), 0
    while True:
        number += 1
        end = int(step(begin, recurring["interval"], recurring["interval_count"] * number).timestamp())
        if end > start:
            return end


def step(begin: datetime, interval: str, times: int) -> datetime:
    if interval in DAYS:
        return begin + timedelta(days=DAYS[interval] * times)
    return add_months(begin, MONTHS[interval] * times)


def add_months(begin: datetime, months: int) -> datetime:
    """The same day of a later month, or its last day if it is shorter."""
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return begin.replace(year=year, month=month + 1, day=min(begin.day, last))


def part(amount: int, start: int, end: int, since: int) -> int:
    """What of an amount in cents, paid for `start` to `end`, falls to the time after `since`.

    To the second, rounded half up to whole cents.
    """
    rest = max(0, min(end - since, end - start))
    return (2 * amount * rest + (end - start)) // (2 * (end - start))
