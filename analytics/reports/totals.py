"""How much there was: of the whole site, by day and by hour, and of what most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError

from analytics.days import HOUR, days_between, span_of, start_of
from analytics.models.counts import ANONYMOUS, Dimension, why_no_hours
from analytics.reports.view import UNKNOWN, View, counted, row, rows, segments
from analytics.subjects import KIND_OF, titles_of

MOST_HOURLY_DAYS = 31
MOST_ROWS = 1000
TOO_MANY_HOURS = f"Ask for hours of at most {MOST_HOURLY_DAYS} days."
MEASURES = ("events", "visitors", "visits", "bounces", "seconds", "amount")
SUMS = ", ".join(f"coalesce(sum({measure}), 0)::bigint" for measure in MEASURES)


@dataclass(frozen=True, slots=True)
class Totals:
    """`visitors`: members exactly, and each day's anonymous visitors. `seconds` of attention; `events` of all kinds.

    With a topic, a person counts once a day for each of its pages.
    """

    visitors: int
    members: int
    visits: int
    views: int
    bounces: int
    seconds: int
    events: int

    @property
    def bounce_rate(self) -> float | None:
        """A fraction; None without visits."""
        return self.bounces / self.visits if self.visits else None

    @property
    def seconds_per_visit(self) -> float | None:
        return self.seconds / self.visits if self.visits else None


@dataclass(frozen=True, slots=True)
class Counts:
    """What of these a dimension fills, and with what, stands in docs/analytics.md."""

    events: int
    visitors: int
    visits: int
    bounces: int
    seconds: int
    amount: int


NOTHING = Counts(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class OfDay:
    day: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class OfHour:
    """`hour` is its beginning, in UTC."""

    hour: datetime
    counts: Counts


@dataclass(frozen=True, slots=True)
class Top:
    """`title` is empty where no app knows one. `visitors` is the sum of those of each day."""

    key: str
    title: str
    counts: Counts


def totals(view: View) -> Totals:
    return totals_of_topic(view) if view.topic else totals_of_site(view)


def totals_of_site(view: View) -> Totals:
    where, among = counted(view, Dimension.SITE), segments(view)
    members = f"SELECT count(DISTINCT user_id) FROM analytics_memberday WHERE day BETWEEN %s AND %s AND {among.sql}"
    sums = ", ".join(f"coalesce(sum({name}) FILTER (WHERE key = ''), 0)" for name in MEASURES if name != "visitors")
    sql = (
        f"SELECT coalesce(sum(visitors) FILTER (WHERE key = '{ANONYMOUS}'), 0), ({members}), {sums}"
        f" FROM analytics_dailycount WHERE {where.sql}"
    )
    found = row(sql, [view.first, view.last, *among.values, *where.values])
    anonymous, members_count, views, visits, bounces, seconds, events = map(int, found)
    return Totals(anonymous + members_count, members_count, visits, views, bounces, seconds, events)


def totals_of_topic(view: View) -> Totals:
    where = counted(view, Dimension.PAGE)
    found = Counts(*row(f"SELECT {SUMS} FROM analytics_dailycount WHERE {where.sql}", where.values))
    return Totals(found.visitors, 0, found.visits, found.events, found.bounces, found.seconds, found.events)


def by_day(view: View, dimension: Dimension = Dimension.SITE, key: str | None = "") -> list[OfDay]:
    """Each day of the view, those without anything too. `key` None: all keys of the dimension added up.

    Of SITE there is the key "", which is all, and ANONYMOUS, a part of it.
    """
    where, only = counted(view, dimension), narrowed(key)
    sql = f"SELECT day, {SUMS} FROM analytics_dailycount WHERE {where.sql}{only[0]} GROUP BY day"
    found = {day: Counts(*counts) for day, *counts in rows(sql, [*where.values, *only[1]])}
    return [OfDay(day, found.get(day, NOTHING)) for day in days_between(view.first, view.last)]


def by_hour(view: View, dimension: Dimension = Dimension.SITE, key: str | None = "") -> list[OfHour]:
    """As by_day. Raises ValidationError for more than MOST_HOURLY_DAYS days, and for what is not counted by hour.

    That is all but HOURLY; and of PAGE it is counted of everybody only.
    """
    if fault := why_no_hours(dimension, of_everybody=view.is_of_everybody):
        raise ValidationError({"dimension": fault})
    if view.days > MOST_HOURLY_DAYS:
        raise ValidationError({"last": TOO_MANY_HOURS})
    return each_hour(view, dimension, key)


def each_hour(view: View, dimension: Dimension, key: str | None) -> list[OfHour]:
    """As by_hour, for as long as one likes; nothing of what is not counted by hour."""
    start, end = start_of(view.first), span_of(view.last)[1]
    where, only = counted(view, dimension, span="hour >= %s AND hour < %s", ends=(start, end)), narrowed(key)
    sql = f"SELECT hour, {SUMS} FROM analytics_hourlycount WHERE {where.sql}{only[0]} GROUP BY hour"
    found = {hour: Counts(*counts) for hour, *counts in rows(sql, [*where.values, *only[1]])}
    hours = [start + number * HOUR for number in range(-(-(end - start) // HOUR))]
    return [OfHour(hour, found.get(hour, NOTHING)) for hour in hours]


def narrowed(key: str | None) -> tuple[str, list[str]]:
    return ("", []) if key is None else (" AND key = %s", [key])


def counts_of(view: View, dimension: Dimension, keys: Sequence[str]) -> dict[str, Counts]:
    """Of these keys alone; those of which there was nothing are left out."""
    where = counted(view, dimension)
    sql = f"SELECT key, {SUMS} FROM analytics_dailycount WHERE {where.sql} AND key = ANY(%s) GROUP BY key"
    return {key: Counts(*counts) for key, *counts in rows(sql, [*where.values, list(keys)])}


def top(view: View, dimension: Dimension, *, limit: int = 20, order: str = "events", search: str = "") -> list[Top]:
    """The keys of which there was most, by one of MEASURES. `search` is a part of the key, in any case.

    Raises ValidationError on `order`.
    """
    if order not in MEASURES:
        raise ValidationError({"order": UNKNOWN.format(what="measure", value=order)})
    where = counted(view, dimension)
    sql = f"SELECT key, {SUMS} FROM analytics_dailycount WHERE {where.sql}"
    values = [*where.values]
    if search:
        sql += " AND strpos(lower(key), lower(%s)) > 0"
        values.append(search)
    place = MEASURES.index(order) + 2
    sql += f" GROUP BY key ORDER BY {place} DESC, key LIMIT %s"
    found = rows(sql, [*values, min(limit, MOST_ROWS)])
    titles = titles_of(KIND_OF.get(dimension, ""), [key for key, *_ in found])
    return [Top(key, titles.get(key, ""), Counts(*counts)) for key, *counts in found]
