"""Deeds in the community, subscriptions, the speed of pages, and what was not counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from analytics.buckets import quantile
from analytics.models.counts import Dimension
from analytics.reports.view import View, counted, rows
from analytics.subjects import PAGE, titles_of

MOST_PAGES = 100
# What browsers tell of a page (docs/analytics.md): milliseconds, and for cls a number without a unit.
VITALS = ("lcp", "inp", "cls")
PART = 0.75  # of views, which are no slower than what is told


@dataclass(frozen=True, slots=True)
class Deed:
    """`by`: how many people did it, as the sum of each day's."""

    deed: str
    category: str
    events: int
    by: int


@dataclass(frozen=True, slots=True)
class SubscriptionNews:
    """`amount` is in cents."""

    what: str
    plan: str
    events: int
    amount: int


@dataclass(frozen=True, slots=True)
class Speed:
    """Of a page (empty: of all): three of four views were no slower. `lcp` and `inp` are in milliseconds.

    Within 5 per cent of the true number; None where no browser told. `views` are those that told.
    """

    path: str
    title: str
    views: int
    lcp: float | None
    inp: float | None
    cls: float | None


@dataclass(frozen=True, slots=True)
class KeptOut:
    reason: str
    requests: int


def engagement(view: View) -> list[Deed]:
    """What was done most first. A topic, where it is a category of the community, narrows it."""
    where = counted(view, Dimension.ENGAGEMENT)
    sql = (
        "SELECT split_part(key, '|', 1), split_part(key, '|', 2), sum(events)::bigint, sum(visitors)::bigint"
        f" FROM analytics_dailycount WHERE {where.sql} AND (%s = '' OR split_part(key, '|', 2) = %s)"
        " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return [Deed(*found) for found in rows(sql, [*where.values, view.topic, view.topic])]


def subscriptions(view: View) -> list[SubscriptionNews]:
    where = counted(view, Dimension.SUBSCRIPTION)
    sql = (
        "SELECT split_part(key, '|', 1), split_part(key, '|', 2), sum(events)::bigint, sum(amount)::bigint"
        f" FROM analytics_dailycount WHERE {where.sql} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return [SubscriptionNews(*found) for found in rows(sql, where.values)]


SPEED = """
WITH told AS MATERIALIZED (
    SELECT split_part(key, '|', 1) AS vital, split_part(key, '|', 2) AS path, split_part(key, '|', 3)::int AS bucket,
        sum(events)::bigint AS views
    FROM analytics_dailycount WHERE {where} GROUP BY 1, 2, 3
), most AS (
    SELECT path FROM told WHERE vital = 'lcp' OR path = '' GROUP BY path
    ORDER BY path <> '', sum(views) DESC, path LIMIT %s
)
SELECT path, vital, bucket, views FROM told JOIN most USING (path)
"""


def vitals(view: View) -> list[Speed]:
    """All pages together first, then those of which most was told; with a filter, all pages together only."""
    where = counted(view, Dimension.VITAL)
    told: dict[str, dict[str, dict[int, int]]] = defaultdict(lambda: {vital: {} for vital in VITALS})
    for path, vital, bucket, views in rows(SPEED.format(where=where.sql), [*where.values, MOST_PAGES + 1]):
        told[path][vital][bucket] = views
    titles = titles_of(PAGE, told)
    speeds = [
        Speed(
            path=path,
            title=titles.get(path, ""),
            views=max(sum(buckets.values()) for buckets in of_page.values()),
            **{vital: quantile(of_page[vital], PART) for vital in VITALS},
        )
        for path, of_page in told.items()
    ]
    return sorted(speeds, key=lambda speed: (speed.path != "", -speed.views, speed.path))


def kept_out(view: View) -> list[KeptOut]:
    where = counted(view, Dimension.KEPT_OUT)
    sql = (
        f"SELECT key, sum(events)::bigint FROM analytics_dailycount WHERE {where.sql} GROUP BY key ORDER BY 2 DESC, key"
    )
    return [KeptOut(*found) for found in rows(sql, where.values)]
