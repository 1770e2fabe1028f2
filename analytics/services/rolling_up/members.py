"""Who of the members was there on a day, how many were within 7 and 30 days, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from analytics.events import Name
from analytics.models.counts import ACTIVE_SPANS, EVERYBODY, Dimension
from analytics.services.rolling_up.dimensions import FINISHED, STARTED

# What happens to a subscription when somebody becomes Premium (billing.services.counting).
BEGAN = "('trial', 'started')"

DAYS = f"""
WITH seen AS (
    SELECT who AS user_id, segment, count(*) FILTER (WHERE name = '{Name.PAGE_VIEW}')::int AS views,
        least(sum(seconds), 2147483647)::int AS seconds
    FROM day_event WHERE is_there AND who > 0 GROUP BY who, segment
), gone AS (
    DELETE FROM analytics_memberday AS old
    WHERE day = %(day)s AND NOT EXISTS (SELECT FROM seen WHERE seen.user_id = old.user_id)
)
INSERT INTO analytics_memberday (day, user_id, segment, views, seconds)
SELECT %(day)s, seen.user_id, seen.segment, seen.views, seen.seconds
FROM seen LEFT JOIN analytics_memberday AS kept ON kept.user_id = seen.user_id AND kept.day = %(day)s
WHERE (kept.segment, kept.views, kept.seconds) IS DISTINCT FROM (seen.segment, seen.views, seen.seconds)
ON CONFLICT (day, user_id) DO UPDATE
SET segment = excluded.segment, views = excluded.views, seconds = excluded.seconds
"""

SUMMARIES = f"""
WITH first AS (
    SELECT who AS user_id, bool_or(is_there) AS is_there,
        min(at) FILTER (WHERE name = '{Name.SIGN_UP}') AS signed_up_at,
        min(n) FILTER (WHERE name = '{Name.SIGN_UP}') AS sign_up,
        min(at) FILTER (WHERE name = '{Name.TUTORIAL_PROGRESS}' AND {STARTED}) AS started_at,
        min(at) FILTER (WHERE name = '{Name.TUTORIAL_PROGRESS}' AND {FINISHED}) AS finished_at,
        min(at) FILTER (WHERE name = '{Name.SUBSCRIPTION}' AND subject IN {BEGAN}) AS premium_at
    FROM day_event WHERE who > 0 GROUP BY who
), told AS (
    SELECT first.*, CASE WHEN first.is_there THEN %(day)s::date END AS day, coalesce(visit.source, '') AS source,
        coalesce(visit.campaign, '') AS campaign, coalesce(visit.entry, '') AS entry
    FROM first LEFT JOIN day_event AS event ON event.n = first.sign_up LEFT JOIN day_visit AS visit USING (visit)
)
INSERT INTO analytics_membersummary AS kept
    (user_id, first_seen, signed_up_at, source, campaign, entry, first_started_at, first_finished_at, premium_at)
SELECT told.user_id, day, told.signed_up_at, told.source, told.campaign, told.entry, started_at, finished_at,
    told.premium_at
FROM told LEFT JOIN analytics_membersummary AS old ON old.user_id = told.user_id
WHERE old.user_id IS NULL
    OR day < old.first_seen OR started_at < old.first_started_at OR finished_at < old.first_finished_at
    OR told.premium_at < old.premium_at OR (old.first_seen IS NULL AND day IS NOT NULL)
    OR (old.first_started_at IS NULL AND started_at IS NOT NULL)
    OR (old.first_finished_at IS NULL AND finished_at IS NOT NULL)
    OR (old.premium_at IS NULL AND told.premium_at IS NOT NULL)
    OR (told.signed_up_at <= coalesce(old.signed_up_at, 'infinity') AND
        (told.signed_up_at, told.source, told.campaign, told.entry)
        IS DISTINCT FROM (old.signed_up_at, old.source, old.campaign, old.entry))
ON CONFLICT (user_id) DO UPDATE SET
    first_seen = least(kept.first_seen, excluded.first_seen),
    first_started_at = least(kept.first_started_at, excluded.first_started_at),
    first_finished_at = least(kept.first_finished_at, excluded.first_finished_at),
    premium_at = least(kept.premium_at, excluded.premium_at),
    (signed_up_at, source, campaign, entry) = (
        SELECT * FROM (VALUES
            (excluded.signed_up_at, excluded.source, excluded.campaign, excluded.entry),
            (kept.signed_up_at, kept.source, kept.campaign, kept.entry)
        ) AS known (signed_up_at, source, campaign, entry)
        ORDER BY known.signed_up_at NULLS LAST LIMIT 1
    )
"""

# By the segment of the last day on which they were there, so that segments add up to everybody.
ACTIVE = f"""
INSERT INTO active_count (day, dimension, segment, key, visitors)
SELECT %(day)s, '{Dimension.MEMBERS}', coalesce(segment, {EVERYBODY}), span::text, count(*)
FROM (
    SELECT DISTINCT ON (user_id) user_id, segment, day FROM analytics_memberday
    WHERE day > %(day)s::date - {max(ACTIVE_SPANS)} AND day <= %(day)s ORDER BY user_id, day DESC
) AS latest JOIN unnest(%(spans)s::int[]) AS span ON latest.day > %(day)s::date - span
GROUP BY GROUPING SETS ((span, segment), (span))
"""


def store_members(cursor: Any, day: date) -> None:
    """From the tables of a day."""
    cursor.execute(DAYS, {"day": day})
    cursor.execute(SUMMARIES, {"day": day})


def count_active(cursor: Any, days: Iterable[date]) -> None:
    """Into active_count."""
    for day in days:
        cursor.execute(ACTIVE, {"day": day, "spans": list(ACTIVE_SPANS)})
