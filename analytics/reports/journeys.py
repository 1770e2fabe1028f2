"""The ways that people go within a visit, several steps long: from single events, of which only so many are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analytics.days import span_of, start_of, zone
from analytics.events import NOT_THERE, RANKED, VISIT_GAP, Name
from analytics.matching import matches_sql
from analytics.reports.view import View, rows
from analytics.subjects import PAGE, titles_of
from common.identities import first_id

# The newest events of the days: what is read bounds the time that it takes.
MOST_EVENTS = 100_000
MOST_WAYS = 20


@dataclass(frozen=True, slots=True)
class Way:
    """Steps in their order, and the visits that went so. Fewer steps than asked for: there the visit began or ended."""

    steps: tuple[str, ...]
    visits: int


@dataclass(frozen=True, slots=True)
class Ways:
    """From and to something, as it first happened in a visit; `visits` are those in which it did.

    `since`: the oldest event that was read, if there were more of the days than MOST_EVENTS; else None.
    """

    onward: list[Way]
    before: list[Way]
    visits: int
    since: datetime | None


# As analytics.services.rolling_up.events tells people, visits and parts; a page that is loaded again is one step.
WAYS = """
WITH read AS MATERIALIZED (
    SELECT id, at, user_id, visitor, audience_id, name, subject FROM analytics_useranalytics
    WHERE id >= %(since)s AND id < %(until)s AND coalesce(user_id, visitor) IS NOT NULL AND name <> ALL(%(not_there)s)
    ORDER BY id DESC LIMIT %(most)s
), owner AS (
    SELECT visitor, min(user_id) AS user_id FROM read
    WHERE visitor IS NOT NULL AND user_id IS NOT NULL GROUP BY visitor
), known AS (
    SELECT id, at, (at AT TIME ZONE %(zone)s)::date AS day, audience_id, name, subject,
        coalesce(read.user_id, owner.user_id, visitor) AS who
    FROM read LEFT JOIN owner USING (visitor)
), {among} apart AS (
    SELECT *, at - lag(at) OVER theirs AS gap, day <> lag(day) OVER theirs AS is_new_day
    FROM {those} WINDOW theirs AS (PARTITION BY who ORDER BY id)
), visited AS (
    SELECT who, id, {it} AS is_it, name,
        CASE name WHEN '{view}' THEN subject ELSE rtrim(name || ' ' || subject) END AS step,
        count(*) FILTER (WHERE gap IS NULL OR is_new_day OR gap >= %(pause)s) OVER (PARTITION BY who ORDER BY id)
            AS visit
    FROM apart
), stepped AS (
    SELECT *, lag(step) OVER (PARTITION BY who, visit ORDER BY id) AS former FROM visited
    WHERE name = '{view}' OR is_it
), placed AS MATERIALIZED (
    SELECT who, visit, step, is_it, row_number() OVER (PARTITION BY who, visit ORDER BY id) AS place
    FROM stepped WHERE step IS DISTINCT FROM former
), first AS (
    SELECT who, visit, min(place) AS at FROM placed WHERE is_it GROUP BY who, visit
), way AS MATERIALIZED (
    SELECT array_agg(step ORDER BY place) FILTER (WHERE place >= first.at) AS onward,
        array_agg(step ORDER BY place) FILTER (WHERE place <= first.at) AS before
    FROM first JOIN placed USING (who, visit)
    WHERE place BETWEEN first.at - %(steps)s + 1 AND first.at + %(steps)s - 1
    GROUP BY who, visit
)
SELECT 'all', NULL, count(*), (SELECT min(at) FROM read HAVING count(*) = %(most)s) FROM way
UNION ALL
(SELECT 'onward', onward, count(*), NULL FROM way GROUP BY onward ORDER BY 3 DESC, 2 LIMIT %(limit)s)
UNION ALL
(SELECT 'before', before, count(*), NULL FROM way GROUP BY before ORDER BY 3 DESC, 2 LIMIT %(limit)s)
"""
AMONG = f"""part AS (
    SELECT who, day, device, count(*) AS events, max(array_position({RANKED}, tier)) AS tier, max(country) AS country
    FROM known JOIN analytics_audience AS audience ON audience.id = audience_id
    JOIN analytics_segment AS segment ON segment.id = audience.segment_id
    GROUP BY who, day, device
), among AS (
    SELECT who, day FROM part GROUP BY who, day
    HAVING %(tier)s IN ('', ({RANKED})[max(tier)]) AND %(country)s IN ('', max(country)) AND %(device)s
        IN ('', (array_agg(device ORDER BY events DESC, device) FILTER (WHERE device <> ''))[1])
), those AS (
    SELECT known.* FROM known JOIN among USING (who, day)
),"""


def ways(view: View, *, event: str, subject: str, steps: int, limit: int = MOST_WAYS) -> Ways:
    """The most common ways to and from an event (analytics.matching), of so many steps with it, one each visit.

    Steps are pages, by title where an app knows one, and the event itself. A topic narrows nothing.
    """
    everybody = view.is_of_everybody
    sql = WAYS.format(
        among="" if everybody else AMONG,
        those="known" if everybody else "those",
        it=matches_sql("%(event)s::text", "%(subject)s::text", name="name", about="subject"),
        view=Name.PAGE_VIEW,
    )
    asked = {
        "since": first_id(start_of(view.first)),
        "until": first_id(span_of(view.last)[1]),
        "not_there": [name.value for name in NOT_THERE],
        "most": MOST_EVENTS,
        "zone": zone().key,
        "pause": VISIT_GAP,
        "event": event,
        "subject": subject,
        "steps": steps,
        "limit": limit,
    }
    if not everybody:
        asked |= {"tier": view.tier, "country": view.country, "device": view.device}
    (_, _, visits, since), *found = rows(sql, asked)
    titles = titles_of(PAGE, {step for _, way, _, _ in found for step in way})

    def of_kind(wanted: str) -> list[Way]:
        return [
            Way(tuple(titles.get(step) or said(step) for step in way), count)
            for kind, way, count, _ in found
            if kind == wanted
        ]

    return Ways(of_kind("onward"), of_kind("before"), visits, since)


def said(step: str) -> str:
    """A path as it is; an event in words."""
    return step if step.startswith("/") else step.replace("_", " ")
