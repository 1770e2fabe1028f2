"""A saved metric, period by period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet, Sum

from analytics.judging import WEEK, WEEKS, Figure
from analytics.models import DailyCount, HourlyCount, SavedMetric, Segment
from analytics.models.counts import EVERYBODY
from analytics.models.metrics import AlertRule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# After its end a period is counted within a minute, and late by another if events had to wait.
COUNTED_AFTER = timedelta(minutes=2)
LOOKED_BACK = WEEKS * WEEK


def figures_of(metric: SavedMetric, period: str, now: datetime) -> list[Figure]:
    """The hours or days that are over and counted, oldest first, as far back as any rule looks; none is left out.

    A metric of several keys or segments is their sum: for visitors that counts somebody twice who is in two of them.
    """
    if period == AlertRule.Period.HOUR:
        last = (now - COUNTED_AFTER).astimezone(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
        hours = narrowed(HourlyCount.objects.all(), metric).filter(hour__gte=last - LOOKED_BACK, hour__lte=last)
        sums = dict(hours.values_list("hour").annotate(Sum(metric.measure)))
        return [Figure(hour, Decimal(sums.get(hour, 0))) for hour in stepped(last - LOOKED_BACK, last, HOUR)]
    zone = ZoneInfo(settings.ANALYTICS_TIME_ZONE)
    final = (now - COUNTED_AFTER).astimezone(zone).date() - DAY
    days = narrowed(DailyCount.objects.all(), metric).filter(day__gte=final - LOOKED_BACK, day__lte=final)
    sums = dict(days.values_list("day").annotate(Sum(metric.measure)))
    return [
        Figure(datetime.combine(day, time(), zone), Decimal(sums.get(day, 0)))
        for day in stepped(final - LOOKED_BACK, final, DAY)
    ]


def narrowed(counts: QuerySet[Any], metric: SavedMetric) -> QuerySet[Any]:
    """To what the metric is of."""
    chosen = {name: value for name in ("tier", "country", "device") if (value := getattr(metric, name))}
    segments: Any = Segment.objects.filter(**chosen).values("pk") if chosen else [EVERYBODY]
    counts = counts.filter(dimension=metric.dimension, segment__in=segments)
    return counts.filter(key=metric.key) if metric.key else counts


def stepped(first: Any, last: Any, step: timedelta) -> Iterator[Any]:
    while first <= last:
        yield first
        first += step
