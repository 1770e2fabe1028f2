"""Which time a payment pays for. PayPal does not say it: it follows from when it was paid and how often that is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.months import months_later

# So late a payment still belongs to the period that was due: PayPal tries again after five days and after ten.
LATEST = timedelta(days=10)


@dataclass(frozen=True)
class Paid:
    """A payment: when, and for how many months; none, if it was too little for any."""

    at: datetime
    months: int


def periods(start: datetime, payments: Iterable[Paid]) -> Iterator[tuple[datetime, datetime]]:
    """The period of each payment, oldest first, from when the first was due.

    They follow on each other as long as each was paid in time, always on the day of the month on which it began, or
    the last of a shorter month. Whoever paid too late, or again after a pause, begins anew when they paid.
    """
    anchor, months, end = start, 0, start
    # Months from the anchor to `end`.
    passed = 0
    for payment in payments:
        if not payment.months:
            yield end, end
            continue
        if payment.at > end + LATEST:
            anchor, passed, end = payment.at, 0, payment.at
        elif payment.months != months:
            anchor, passed = end, 0
        months = payment.months
        passed += months
        begin, end = end, months_later(anchor, passed)
        yield begin, end
