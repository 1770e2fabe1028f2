"""A learner's own year: the days on which they learned, and what came of it. Nobody else sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from common.sections import Place
from tutorials.models import Award, LearningDay, TutorialProgress
from tutorials.services.progress import day_of

DAY = timedelta(days=1)
MONTHS = range(1, 13)
# Days of more minutes than each look stronger; the last has no end.
STRENGTHS = (0, 15, 30, 60)

# What apps above show beneath: their content is asked with the learner, and the first and the last moment of the year.
place: Place[[User, datetime, datetime]] = Place()
register = place.register


@dataclass(frozen=True)
class Square:
    """A day of the calendar; `strength` is 0 where nothing was learned, and 1 to 4 by how long."""

    day: date
    minutes: int
    strength: int


@dataclass(frozen=True)
class Month:
    first: date
    minutes: int
    days: int
    squares: list[Square]
    # Of the longest month, in percent.
    part: int


@dataclass(frozen=True)
class Year:
    number: int
    minutes: int
    days: int
    longest_run: int
    months: list[Month]
    finished: list[dict[str, Any]]
    awards: list[Award]
    sections: list[dict[str, Any]]

    @property
    def hours(self) -> int:
        return round(self.minutes / 60)

    @property
    def is_empty(self) -> bool:
        return not (self.days or self.finished or self.awards)


def years_of(user: User) -> range:
    """From the first one that somebody learned or signed up in, to the one that it is where they live."""
    zone = ZoneInfo(user.profile.time_zone)
    first_day = LearningDay.objects.filter(user=user).values_list("day", flat=True).order_by("day").first()
    joined = user.date_joined.astimezone(zone).date()
    return range(min(first_day or joined, joined).year, day_of(user).year + 1)


def year_of(user: User, number: int) -> Year:
    """Three queries, and those of other apps' sections. Days are those of the learner's time zone."""
    zone = ZoneInfo(user.profile.time_zone)
    first, last = date(number, 1, 1), date(number, 12, 31)
    start, end = datetime(number, 1, 1, tzinfo=zone), datetime(number + 1, 1, 1, tzinfo=zone)
    seconds = dict(LearningDay.objects.filter(user=user, day__range=(first, last)).values_list("day", "seconds"))
    finished: Any = (
        TutorialProgress.objects.of(user)
        .filter(completed_at__gte=start, completed_at__lt=end)
        .order_by("-completed_at", "-id")
        .values("completed_at", "tutorial__slug", "tutorial__title")
    )
    awards = Award.objects.filter(user=user, earned_at__gte=start, earned_at__lt=end).select_related("achievement")
    return Year(
        number=number,
        minutes=sum(seconds.values()) // 60,
        days=len(seconds),
        longest_run=longest_run(sorted(seconds)),
        months=months_of(number, seconds, until=min(last, day_of(user))),
        finished=list(finished),
        awards=list(awards.order_by("-earned_at")),
        sections=place.shown(user, start, end),
    )


def months_of(number: int, seconds: dict[date, int], *, until: date) -> list[Month]:
    """From the first in which something was learned, up to a day."""
    since = min(seconds, default=until).replace(day=1)
    days = [day for month in MONTHS for day in days_of_month(number, month) if since <= day <= until]
    by_month = [list(each) for _, each in groupby(days, key=lambda day: day.month)]
    minutes = [sum(seconds.get(day, 0) for day in month) // 60 for month in by_month]
    most = max([*minutes, 1])
    return [
        Month(
            first=month[0],
            minutes=spent,
            days=sum(day in seconds for day in month),
            squares=[Square(day, seconds.get(day, 0) // 60, strength(seconds.get(day))) for day in month],
            part=round(100 * spent / most),
        )
        for month, spent in zip(by_month, minutes, strict=True)
    ]


def days_of_month(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    after = (first + 31 * DAY).replace(day=1)
    return [first + number * DAY for number in range((after - first).days)]


def strength(seconds: int | None) -> int:
    """None where nothing was learned; a day may have had less than a second."""
    if seconds is None:
        return 0
    return max(1, sum(seconds / 60 > minutes for minutes in STRENGTHS))


def longest_run(days: Sequence[date]) -> int:
    """Of these, in order, the most in a row."""
    longest = run = 0
    before = None
    for day in days:
        run = run + 1 if before is not None and day - before == DAY else 1
        longest, before = max(longest, run), day
    return longest
