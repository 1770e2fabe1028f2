"""Months as bills count them."""

from __future__ import annotations

import calendar
from datetime import datetime


def months_later(at: datetime, months: int, *, day: int | None = None) -> datetime:
    """The same day and time so many months later; the last day of a month that is too short for it.

    `day`: the day of the month that is meant, where `at` itself is in a month too short for it.
    """
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(day or at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
