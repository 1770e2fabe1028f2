"""The events of one day, with who they are of and of which visit: temporary tables, from which all is counted.

`day_event`   one row each; `n` numbers them in their order, `visit` is the `n` of the visit's first, `begins` marks
              that first one, `pages` is how many pages that person has looked at by then, `segment` the person's.
`day_who`     everybody of the day, with the one segment in which they count.
`day_visit`   visits, with where they came from, began and ended.
`day_page`    page views within visits.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from analytics.days import span_of, zone
from analytics.events import NOT_THERE, RANKED, VISIT_GAP, Name
from common.identities import first_id

# A visit that saw one page for less than this, and did nothing else, came to nothing.
BOUNCE_SECONDS = 10
LONGEST_ATTENTION = 24 * 60 * 60  # seconds: nobody looks at a page for longer
# Keys stand in an index, which takes no long ones.
LONGEST_SUBJECT, LONGEST_WORD = 250, 100
OTHERS = f"({', '.join(repr(name.value) for name in NOT_THERE)})"


def number(name: str) -> str:
    """SQL for a number among the properties; NULL where it is none."""
    return f"CASE jsonb_typeof(properties->'{name}') WHEN 'number' THEN (properties->>'{name}')::numeric END"


def word(name: str) -> str:
    """SQL for a text among the properties; empty where it is none."""
    return f"left(coalesce(properties->>'{name}', ''), {LONGEST_WORD})"


SECONDS = f"least(greatest(coalesce({number('seconds')}, 0), 0), {LONGEST_ATTENTION})::int"

RAW = f"""
WITH raw AS MATERIALIZED (
    SELECT id, at, name, user_id, visitor, audience_id, left(subject, {LONGEST_SUBJECT}) AS subject,
        left(source, {LONGEST_WORD}) AS source, properties
    FROM analytics_useranalytics WHERE id >= %(since)s AND id < %(until)s
), owner AS (
    SELECT visitor, min(user_id) AS user_id FROM raw
    WHERE visitor IS NOT NULL AND user_id IS NOT NULL GROUP BY visitor
), known AS (
    SELECT raw.*, coalesce(raw.user_id, owner.user_id, raw.visitor) AS who
    FROM raw LEFT JOIN owner USING (visitor)
), ordered AS (
    SELECT *, row_number() OVER (ORDER BY id)::int AS n, who IS NOT NULL AND name NOT IN {OTHERS} AS is_there
    FROM known
), apart AS (
    SELECT *, at - lag(at) OVER (PARTITION BY who, is_there ORDER BY n) AS gap FROM ordered
), begun AS (
    SELECT *, is_there AND (gap IS NULL OR gap >= interval '{VISIT_GAP.total_seconds()} seconds') AS begins FROM apart
)
SELECT n, at, name, who, audience_id, subject, source, properties, is_there, begins,
    date_trunc('hour', at, %(zone)s) AS hour,
    CASE name WHEN '{Name.PAGE_LEFT}' THEN {SECONDS} ELSE 0 END AS seconds,
    CASE WHEN is_there THEN max(CASE WHEN begins THEN n END) OVER (PARTITION BY who, is_there ORDER BY n) END AS visit,
    count(*) FILTER (WHERE name = '{Name.PAGE_VIEW}') OVER (PARTITION BY who, is_there ORDER BY n) AS pages
FROM begun
"""

# One part for each person and day, so that parts add up to the whole: the highest tier that they had, a country if any
# event knows one (the server knows none), and the device that most of their events came from.
WHO = f"""
WITH part AS (
    SELECT who, audience_id, count(*) AS events, bool_or(is_there) AS is_there
    FROM day_raw WHERE who IS NOT NULL GROUP BY who, audience_id
), told AS (
    SELECT part.who, part.is_there, part.events, coalesce(tier, '') AS tier, coalesce(country, '') AS country,
        coalesce(device, '') AS device
    FROM part LEFT JOIN analytics_audience AS audience ON audience.id = part.audience_id
    LEFT JOIN analytics_segment AS segment ON segment.id = audience.segment_id
), main AS (
    SELECT DISTINCT ON (who) who, device
    FROM (SELECT who, device, sum(events) AS events FROM told WHERE device <> '' GROUP BY who, device) AS counted
    ORDER BY who, events DESC, device
)
SELECT who, bool_or(is_there) AS is_there,
    ({RANKED})[max(array_position({RANKED}, tier))] AS tier,
    max(country) AS country, coalesce(max(main.device), '') AS device, 0 AS segment
FROM told LEFT JOIN main USING (who)
GROUP BY who
"""

NEW_SEGMENTS = """
INSERT INTO analytics_segment (tier, country, device)
SELECT DISTINCT tier, country, device FROM day_who
WHERE NOT EXISTS (
    SELECT FROM analytics_segment AS known
    WHERE (known.tier, known.country, known.device) = (day_who.tier, day_who.country, day_who.device)
)
ON CONFLICT DO NOTHING
"""

SEGMENTS = """
UPDATE day_who SET segment = known.id FROM analytics_segment AS known
WHERE (known.tier, known.country, known.device) = (day_who.tier, day_who.country, day_who.device)
"""

VISITS = f"""
WITH visit AS (
    SELECT visit, min(who) AS who, min(hour) AS hour, sum(seconds)::int AS seconds,
        count(*) FILTER (WHERE name = '{Name.PAGE_VIEW}') AS views,
        count(*) FILTER (WHERE name NOT IN ('{Name.PAGE_VIEW}', '{Name.PAGE_LEFT}')) AS others,
        min(n) FILTER (WHERE name = '{Name.PAGE_VIEW}') AS first_page,
        max(n) FILTER (WHERE name = '{Name.PAGE_VIEW}') AS last_page,
        min(n) FILTER (WHERE name = '{Name.PAGE_VIEW}' AND source <> '') AS came
    FROM day_raw WHERE visit IS NOT NULL GROUP BY visit
)
SELECT visit.visit, visit.who, day_who.segment, visit.hour, visit.seconds, visit.views,
    visit.views = 1 AND visit.others = 0 AND visit.seconds < {BOUNCE_SECONDS} AS bounced,
    entry.subject AS entry, exit.subject AS exit, coalesce(came.source, '') AS source,
    left(coalesce(came.properties->>'medium', ''), {LONGEST_WORD}) AS medium,
    left(coalesce(came.properties->>'campaign', ''), {LONGEST_WORD}) AS campaign,
    coalesce(audience.browser, '') AS browser, coalesce(audience.system, '') AS system,
    day_who.tier, day_who.country, day_who.device
FROM visit
JOIN day_who USING (who)
JOIN day_raw AS first ON first.n = visit.visit
LEFT JOIN analytics_audience AS audience ON audience.id = first.audience_id
LEFT JOIN day_raw AS entry ON entry.n = visit.first_page
LEFT JOIN day_raw AS exit ON exit.n = visit.last_page
LEFT JOIN day_raw AS came ON came.n = visit.came
"""

EVENTS = """
SELECT day_raw.*, coalesce(day_visit.bounced, FALSE) AS bounced,
    coalesce(day_who.segment, audience.segment_id, -1) AS segment
FROM day_raw
LEFT JOIN day_who USING (who)
LEFT JOIN day_visit USING (visit)
LEFT JOIN analytics_audience AS audience ON audience.id = day_raw.audience_id
"""

PAGES = f"""
SELECT who, visit, segment, pages, subject, hour FROM day_event
WHERE name = '{Name.PAGE_VIEW}' AND visit IS NOT NULL
"""

LOOKED_AT = {
    "day_raw": "n, name, who, visit, audience_id",
    "day_who": "who, segment",
    "day_visit": "visit, who, segment",
    "day_event": "name, subject, who, visit, segment",
    "day_page": "who, visit, pages",
}
# Once in a transaction, however many days it counts: tables that were dropped keep their locks to its end.
MAKE = "CREATE TEMPORARY TABLE IF NOT EXISTS {table} ON COMMIT DROP AS {rows} WITH NO DATA"


def load(cursor: Any, day: date) -> None:
    """Fill the tables with a day, in place of what was in them; they go with the transaction."""
    start, end = span_of(day)
    fill(cursor, "day_raw", RAW, {"since": first_id(start), "until": first_id(end), "zone": zone().key})
    fill(cursor, "day_who", WHO)
    cursor.execute(NEW_SEGMENTS)
    cursor.execute(SEGMENTS)
    fill(cursor, "day_visit", VISITS)
    fill(cursor, "day_event", EVENTS)
    fill(cursor, "day_page", PAGES)


def fill(cursor: Any, table: str, rows: str, values: Any = None) -> None:
    """The planner is told of what it joins and groups by; to look at all properties would take as long as to count."""
    cursor.execute(MAKE.format(table=table, rows=rows), values)
    cursor.execute(f"TRUNCATE {table}")
    cursor.execute(f"INSERT INTO {table} {rows}", values)
    cursor.execute(f"ANALYZE {table} ({LOOKED_AT[table]})")
