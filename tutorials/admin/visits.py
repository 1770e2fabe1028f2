"""How often a tutorial was looked at lately, for those who write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from analytics.days import day_of
from analytics.models.counts import Dimension
from analytics.pictures import Line, by_day
from analytics.reports import View
from analytics.reports import by_day as counts_by_day
from common.charts import Chart
from common.figures import Count, Day, Figure, Span
from common.tables import Column, Table
from tutorials.models import Tutorial

DAYS = 90


@dataclass(frozen=True)
class Visits:
    """Of the last DAYS. `visitors` is the sum of those of each day."""

    views: str
    visitors: str
    time_per_view: str
    days: int
    chart: Chart
    table: Table


def visits_to(tutorial: Tutorial) -> Visits | None:
    """One query; None where nobody came."""
    today: date = day_of(timezone.now())
    view = View(today - timedelta(days=DAYS - 1), today)
    found = counts_by_day(view, Dimension.PAGE, tutorial.get_absolute_url())
    views, visitors, seconds = (
        sum(getattr(each.counts, measure) for each in found) for measure in ("events", "visitors", "seconds")
    )
    if not views:
        return None
    drawn = [
        Line("Views", [each.counts.events for each in found], "five"),
        Line("Visitors", [each.counts.visitors for each in found], "one"),
    ]
    rows: list[list[Figure]] = [
        [Day(each.day), Count(each.counts.events), Count(each.counts.visitors), Span(each.counts.seconds)]
        for each in found
    ]
    columns = [Column(heading) for heading in ("Day", "Views", "Visitors", "Time")]
    return Visits(
        *(Count(views).shown, Count(visitors).shown, Span(seconds / views).shown, DAYS),
        by_day("visits", "Views and visitors each day", [each.day for each in found], drawn),
        Table("visits", "Views and visitors", columns, rows, []),
    )
