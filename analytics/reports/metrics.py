"""A saved metric, period by period."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal

from analytics.days import DAY, HOUR, day_of, zone
from analytics.judging import WEEK, WEEKS, Figure
from analytics.models import SavedMetric
from analytics.models.counts import Dimension
from analytics.models.metrics import AlertRule
from analytics.reports.totals import by_day, each_hour
from analytics.reports.view import View

# After its end a period is counted within a minute, and late by another if events had to wait.
COUNTED_AFTER = timedelta(minutes=2)
LOOKED_BACK = WEEKS * WEEK


def figures_of(metric: SavedMetric, period: str, now: datetime) -> list[Figure]:
    """The hours or days that are over and counted, oldest first, as far back as any rule looks; none is left out.

    A metric of several keys or segments is their sum: for visitors that counts somebody twice who is in two of them.
    """
    counted_until = now - COUNTED_AFTER
    is_hourly = period == AlertRule.Period.HOUR
    last = day_of(counted_until) if is_hourly else day_of(counted_until) - DAY
    view = View(last - LOOKED_BACK, last, metric.tier, metric.country, metric.device)
    dimension = Dimension(metric.dimension)
    # Of the whole site the key without a name is all of them together.
    key = metric.key if metric.key or dimension is Dimension.SITE else None
    if is_hourly:
        hours = each_hour(view, dimension, key)
        found = [(of.hour, of.counts) for of in hours if of.hour + HOUR <= counted_until]
    else:
        days = by_day(view, dimension, key)
        found = [(datetime.combine(of.day, time(), zone()), of.counts) for of in days]
    return [Figure(start, Decimal(getattr(counts, metric.measure))) for start, counts in found]
