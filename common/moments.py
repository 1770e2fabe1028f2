"""Times as people say them: how long ago, with the exact time beside it; and spans of time."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from django.utils import timezone
from django.utils.safestring import SafeString

MINUTE, HOUR, DAY, WEEK = 60, 60 * 60, 24 * 60 * 60, 7 * 24 * 60 * 60  # seconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
UNITS = (("day", DAY), ("hour", HOUR), ("minute", MINUTE))
JUST_NOW = SafeString("just now")


class Moment(NamedTuple):
    """`iso` for programs, `exact` in the reader's time zone, `ago` in words."""

    iso: SafeString
    exact: SafeString
    ago: SafeString


class Moments:
    """All times of one page, seen from one moment and one time zone."""

    def __init__(self, now: datetime) -> None:
        self.now = microseconds_of(now) // 1_000_000
        self.zone = timezone.get_current_timezone()

    def of(self, at: datetime) -> Moment:
        microseconds = microseconds_of(at)
        return moment(microseconds, self.ago(microseconds), self.zone)

    def ago(self, at: int) -> SafeString | None:
        """How long before, in words; None for a week and more. `at` is in microseconds since 1970."""
        seconds = self.now - at // 1_000_000
        return None if seconds >= WEEK else time_ago(seconds)


def moment(at: int, ago: SafeString | None, zone: tzinfo) -> Moment:
    """A time in microseconds since 1970, and what Moments says of it."""
    iso, exact, day = written(at // 1_000_000 // MINUTE, zone)
    return Moment(iso, exact, ago or day)


def microseconds_of(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def time_of(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


@lru_cache(maxsize=10_000)
def written(minute: int, zone: tzinfo) -> tuple[SafeString, SafeString, SafeString]:
    """A minute for programs, for people, and its day. Nothing in them is to be escaped."""
    at = EPOCH + timedelta(minutes=minute)
    local = at.astimezone(zone)
    return (
        SafeString(f"{at:%Y-%m-%dT%H:%MZ}"),
        SafeString(f"{local.day} {local:%B %Y, %H:%M}"),
        SafeString(f"{local.day} {local:%b %Y}"),
    )


def time_ago(seconds: int) -> SafeString:
    """In the largest unit that fits; for less than a week."""
    for unit, length in UNITS:
        if seconds >= length:
            number = seconds // length
            return SafeString(f"{number} {unit}{'s' if number > 1 else ''} ago")
    return JUST_NOW


def rounded_up(seconds: float, *, least: int = MINUTE) -> str:
    """For a promise: in the largest unit of which there are two, such as 95 minutes, 26 hours or 3 days.

    `least` is how long the smallest unit that is to be used lasts, in seconds.
    """
    units = (*UNITS, ("second", 1))
    unit, length = next((unit, length) for unit, length in units if seconds >= 2 * length or length == least)
    number = max(math.ceil(seconds / length), 1)
    return f"{number} {unit}{'s' if number > 1 else ''}"


def measured(seconds: float) -> str:
    """How long something took, with the unit that suits it."""
    if seconds < 1:
        return f"{seconds * 1000:,.0f} ms"
    return f"{seconds:,.1f} s" if seconds < 2 * MINUTE else f"{seconds / MINUTE:,.0f} min"
