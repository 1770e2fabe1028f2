"""What goes on at this moment, straight from the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.events import Name
from analytics.reports.totals import Counts, Top
from analytics.reports.view import rows
from analytics.subjects import PAGE, titles_of
from common.identities import first_id

LATELY = timedelta(minutes=5)
MOST = 10

LIVE = """
WITH lately AS MATERIALIZED (
    SELECT coalesce(user_id, visitor) AS who, user_id, name, subject
    FROM analytics_useranalytics
    WHERE id >= %(since)s AND id < %(until)s AND name NOT IN ('kept_out', 'subscription')
), pages AS (
    SELECT subject, count(*) AS views, count(DISTINCT who) AS visitors
    FROM lately WHERE name = %(view)s GROUP BY subject
    ORDER BY views DESC, subject LIMIT %(most)s
)
SELECT '', count(DISTINCT who), count(DISTINCT user_id), count(*) FILTER (WHERE name = %(view)s), count(*) FROM lately
UNION ALL SELECT subject, visitors, 0, views, views FROM pages
"""


@dataclass(frozen=True, slots=True)
class Live:
    """Of the last five minutes. Somebody who signs in just now may count as a visitor and as a member."""

    visitors: int
    members: int
    views: int
    events: int
    pages: list[Top]


def live(now: datetime) -> Live:
    # Ids of the future are refused at the door, but for a little that clocks may differ.
    ends = {"since": first_id(now - LATELY), "until": first_id(now + LATELY)}
    (_, visitors, members, views, events), *found = rows(LIVE, ends | {"view": Name.PAGE_VIEW.value, "most": MOST})
    titles = titles_of(PAGE, [path for path, *_ in found])
    pages = [
        Top(path, titles.get(path, ""), Counts(views, visitors, 0, 0, 0, 0))
        for path, visitors, _, views, _ in sorted(found, key=lambda page: (-page[3], page[0]))
    ]
    return Live(visitors, members, views, events, pages)
