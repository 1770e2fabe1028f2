"""The ways that people go: through funnels, to goals, and from one page to the next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from analytics.models import Funnel, Goal
from analytics.models.counts import Dimension
from analytics.reports.totals import SUMS, Counts, Top
from analytics.reports.view import View, counted, rows
from analytics.subjects import PAGE, titles_of

MOST = 20


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """`reached`: how many came here by way of the steps before; `of_before` and `of_first` are fractions."""

    event: str
    subject: str
    reached: int
    of_before: float | None
    of_first: float | None


@dataclass(frozen=True, slots=True)
class Reached:
    """A goal: how often, by how many (the sum of each day's), in how many visits, and from where most."""

    goal: Goal
    events: int
    visitors: int
    visits: int
    # Of all visits; None without any.
    rate: float | None
    sources: list[Top]
    pages_before: list[Top]
    entries: list[Top]


def funnel(view: View, funnel: Funnel) -> list[FunnelStep]:
    """Who began it on one of these days counts on each of them, and with all that they reached within its `days`."""
    where = counted(view, Dimension.FUNNEL)
    sql = (
        "SELECT split_part(key, '|', 2)::int, sum(visitors)::bigint FROM analytics_dailycount"
        f" WHERE {where.sql} AND starts_with(key, %s) GROUP BY 1"
    )
    reached = dict(rows(sql, [*where.values, f"{funnel.pk}|"]))
    counts = [reached.get(number, 0) for number in range(1, len(funnel.steps) + 1)]
    return [
        FunnelStep(
            event=step["event"],
            subject=step.get("subject", ""),
            reached=count,
            of_before=part(count, counts[max(place - 1, 0)]),
            of_first=part(count, counts[0]),
        )
        for place, (step, count) in enumerate(zip(funnel.steps, counts, strict=True))
    ]


def part(count: int, of: int) -> float | None:
    return count / of if of else None


GOALS = """
SELECT 'visits', '', 0, 0, coalesce(sum(visits), 0)::bigint FROM analytics_dailycount WHERE {site} AND key = ''
UNION ALL
SELECT 'source', key, sum(events)::bigint, sum(visitors)::bigint, sum(visits)::bigint
FROM analytics_dailycount WHERE {sources} GROUP BY key
UNION ALL
SELECT 'page', key, sum(events)::bigint, sum(visitors)::bigint, sum(visits)::bigint
FROM analytics_dailycount WHERE {pages} GROUP BY key
"""


def goals(view: View) -> list[Reached]:
    """All goals, by name."""
    site, sources, pages = (
        counted(view, dimension) for dimension in (Dimension.SITE, Dimension.GOAL, Dimension.GOAL_PAGE)
    )
    sql = GOALS.format(site=site.sql, sources=sources.sql, pages=pages.sql)
    found: dict[tuple[str, str], list[Top]] = defaultdict(list)
    all_visits = 0
    for kind, key, events, visitors, visits in rows(sql, [*site.values, *sources.values, *pages.values]):
        if kind == "visits":
            all_visits = visits
            continue
        goal, _, name = key.partition("|")
        what, _, page = name.partition("|") if kind == "page" else (kind, "", name)
        found[goal, what].append(Top(page, "", Counts(events, visitors, visits, 0, 0, 0)))
    return [reached(goal, found, all_visits) for goal in Goal.objects.all()]


def reached(goal: Goal, found: dict[tuple[str, str], list[Top]], all_visits: int) -> Reached:
    by_source, before, entries = (
        sorted(found.get((str(goal.pk), kind), []), key=lambda top: (-top.counts.events, top.key))
        for kind in ("source", "before", "entry")
    )
    visits = sum(top.counts.visits for top in by_source)
    return Reached(
        goal=goal,
        events=sum(top.counts.events for top in by_source),
        visitors=sum(top.counts.visitors for top in by_source),
        visits=visits,
        rate=part(visits, all_visits),
        sources=by_source[:MOST],
        pages_before=before[:MOST],
        entries=entries[:MOST],
    )


def steps_from(view: View, page: str, *, limit: int = MOST) -> list[Top]:
    """Which pages people went to next, within the visit. Of everybody: filters do not narrow it."""
    return steps(view, "starts_with(key, %s)", f"{escaped(page)}|", limit)


def steps_to(view: View, page: str, *, limit: int = MOST) -> list[Top]:
    """From which pages people came, within the visit. Of everybody: filters do not narrow it."""
    return steps(view, "right(key, length(%s)) = %s", f"|{escaped(page)}", limit)


def steps(view: View, condition: str, value: str, limit: int) -> list[Top]:
    where = counted(view, Dimension.STEP)
    sql = (
        f"SELECT key, {SUMS} FROM analytics_dailycount WHERE {where.sql} AND {condition}"
        " GROUP BY key ORDER BY 2 DESC, key LIMIT %s"
    )
    found = rows(sql, [*where.values, *[value] * condition.count("%s"), limit])
    other = {key: key.removesuffix(value).removeprefix(value) for key, *_ in found}
    titles = titles_of(PAGE, other.values())
    return [Top(other[key], titles.get(other[key], ""), Counts(*counts)) for key, *counts in found]


def escaped(text: str) -> str:
    """A part of a key, in which a bar would end it."""
    return text.replace("|", "%7C")
