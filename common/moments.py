"""Times as people say them: how long ago, with the exact time beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString

MINUTE, HOUR, DAY, WEEK = 60, 60 * 60, 24 * 60 * 60, 7 * 24 * 60 * 60  # seconds


@dataclass(frozen=True, slots=True)
class Moment:
    """`iso` for programs, `exact` in the reader's time zone, `ago` in words."""

    iso: SafeString
    exact: SafeString
    ago: SafeString


class Moments:
    """All times of one page, seen from one moment and one time zone."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.zone = timezone.get_current_timezone()

    def of(self, at: datetime) -> Moment:
        local = at.astimezone(self.zone)
        exact = f"{local.day} {local:%B %Y, %H:%M}"
        # Nothing in them is to be escaped.
        return Moment(SafeString(f"{at:%Y-%m-%dT%H:%MZ}"), SafeString(exact), SafeString(self.ago(at, local)))

    def ago(self, at: datetime, local: datetime) -> str:
        """In the largest unit up to a week, then the day."""
        seconds = (self.now - at).total_seconds()
        if seconds < MINUTE:
            return "just now"
        for unit, length, until in (("minute", MINUTE, HOUR), ("hour", HOUR, DAY), ("day", DAY, WEEK)):
            if seconds < until:
                number = int(seconds // length)
                return f"{number} {unit}{'s' if number > 1 else ''} ago"
        return f"{local.day} {local:%b %Y}"
