"""Days and hours in the time zone of the figures (ANALYTICS_TIME_ZONE): a day may last 23, 24 or 25 hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def zone() -> ZoneInfo:
    return ZoneInfo(settings.ANALYTICS_TIME_ZONE)


def day_of(at: datetime) -> date:
    return at.astimezone(zone()).date()


def start_of(day: date) -> datetime:
    """Its midnight, in UTC; where clocks skip midnight, the moment at which they do."""
    return datetime.combine(day, time(), tzinfo=zone()).astimezone(UTC)


def span_of(day: date) -> tuple[datetime, datetime]:
    """From when to before when, in UTC."""
    return start_of(day), start_of(day + DAY)


def days_between(first: date, last: date) -> Iterator[date]:
    """Both included."""
    for number in range((last - first).days + 1):
        yield first + number * DAY
