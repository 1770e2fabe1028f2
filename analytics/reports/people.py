"""Members: how many are active, how many come back, and how far they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from analytics.days import days_between, start_of, zone
from analytics.models.counts import ACTIVE_SPANS, Dimension
from analytics.reports.view import View, counted, rows, segments

WEEK = timedelta(days=7)
MOST_WEEKS = 26


@dataclass(frozen=True, slots=True)
class Active:
    """Members who were there on a day, and within 7 and 30 days up to it."""

    day: date
    of_day: int
    of_week: int
    of_month: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """Members whose first day lies in a week. `returned`: how many were there in the n-th week after, from 0 on.

    Weeks that have not begun yet are left out.
    """

    week: date
    size: int
    returned: list[int]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of those who signed up in these days, by the source of their visit: how many did it, and after how many days.

    Days are medians of those who did, as fractions; None where nobody did.
    """

    source: str
    signed_up: int
    started: int
    finished: int
    premium: int
    days_to_start: float | None
    days_to_finish: float | None
    days_to_premium: float | None


def members(view: View) -> list[Active]:
    where = counted(view, Dimension.MEMBERS)
    sql = f"SELECT day, key, sum(visitors)::bigint FROM analytics_dailycount WHERE {where.sql} GROUP BY day, key"
    found = {(day, key): count for day, key, count in rows(sql, where.values)}
    return [
        Active(day, *(found.get((day, str(span)), 0) for span in ACTIVE_SPANS))
        for day in days_between(view.first, view.last)
    ]


COHORTS = """
WITH cohort AS (
    SELECT user_id, date_trunc('week', {first})::date AS week
    FROM analytics_membersummary
    WHERE {first} BETWEEN %(first)s AND %(last)s
), there AS (
    SELECT DISTINCT cohort.week, cohort.user_id, (seen.day - cohort.week) / 7 AS after
    FROM cohort JOIN analytics_memberday AS seen ON seen.user_id = cohort.user_id
    WHERE seen.day >= cohort.week AND seen.day < cohort.week + 7 * %(weeks)s AND seen.day <= %(until)s AND {among}
)
SELECT week, size, after, count(there.user_id)
FROM (SELECT week, count(*) AS size FROM cohort GROUP BY week) AS sizes LEFT JOIN there USING (week)
GROUP BY week, size, after ORDER BY week, after
"""


def cohorts(view: View, *, until: date, signed_up: bool = False, weeks: int = 12) -> list[Cohort]:
    """By the week (from Monday) of the first day on which a member was seen, or on which they signed up.

    `until` is the last day that is looked at, today as a rule. With a filter, only those days count on which a member
    belonged to that part.
    """
    weeks = min(weeks, MOST_WEEKS)
    first = "(signed_up_at AT TIME ZONE %(zone)s)::date" if signed_up else "first_seen"
    among = segments(view, "seen.segment")
    # One statement has names for its parameters, so the filter's get some too.
    named = {f"among_{number}": value for number, value in enumerate(among.values)}
    condition = among.sql
    for name in named:
        condition = condition.replace("%s", f"%({name})s", 1)
    monday = view.first - timedelta(days=view.first.weekday())
    values = {"first": monday, "last": view.last, "weeks": weeks, "until": until, "zone": zone().key} | named
    return grouped(rows(COHORTS.format(first=first, among=condition), values), until, weeks)


def grouped(found: list[tuple[date, int, int | None, int]], until: date, weeks: int) -> list[Cohort]:
    made: dict[date, Cohort] = {}
    for week, size, after, count in found:
        if week not in made:
            begun = min(weeks, (until - week) // WEEK + 1)
            made[week] = Cohort(week, size, [0] * max(begun, 0))
        if after is not None:
            made[week].returned[after] = count
    return list(made.values())


CONVERSION = """
SELECT source, count(*), count(first_started_at), count(first_finished_at), count(premium_at),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_started_at - signed_up_at) / 86400),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_finished_at - signed_up_at) / 86400),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM premium_at - signed_up_at) / 86400)
FROM analytics_membersummary AS summary
WHERE signed_up_at >= %s AND signed_up_at < %s AND {among}
GROUP BY GROUPING SETS ((source), ()) ORDER BY grouping(source) DESC, count(*) DESC, source
"""
AMONG = """EXISTS (
    SELECT FROM analytics_memberday AS seen
    WHERE seen.user_id = summary.user_id AND seen.day = summary.first_seen AND {among}
)"""


def conversion(view: View) -> list[Conversion]:
    """The first row is of all together, with the source "*"; the others follow by how many signed up.

    With a filter: those who belonged to that part on their first day.
    """
    among = segments(view, "seen.segment")
    condition = "TRUE" if view.is_of_everybody else AMONG.format(among=among.sql)
    values = [start_of(view.first), start_of(view.last + timedelta(days=1)), *among.values]
    found = rows(CONVERSION.format(among=condition), values)
    return [Conversion("*" if source is None else source, *counts) for source, *counts in found]
