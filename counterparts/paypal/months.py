"""When the n-th cycle begins."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from counterparts.world import Thing

MONTHS = {"MONTH": 1, "YEAR": 12}
DAYS = {"DAY": 1, "WEEK": 7}


def later(anchor: datetime, frequency: Thing, times: int) -> datetime:
    """So many cycles after the first began: on the same day of the month, or on its last where there is none."""
    steps = times * frequency.get("interval_count", 1)
    unit = frequency["interval_unit"]
    if unit in DAYS:
        return anchor + timedelta(days=DAYS[unit] * steps)
    months = anchor.year * 12 + anchor.month - 1 + MONTHS[unit] * steps
    year, month = months // 12, months % 12 + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, monthrange(year, month)[1]))
