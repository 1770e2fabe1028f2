"""What people do for each other."""

from __future__ import annotations

from analytics.admin.dashboard.asked import Asked, Page, Section, Shown
from analytics.admin.dashboard.lists import table
from analytics.models.counts import Dimension
from analytics.pictures import Line, by_day
from analytics.reports import by_day as counts_by_day
from analytics.reports import engagement
from common.figures import Count, Day, Figure, Words, change
from common.tables import Card

MOST_CARDS = 4


def cards(asked: Asked) -> list[Card]:
    """The deeds that there was most of."""
    before: dict[str, int] = {}
    for each in engagement(asked.view.before()):
        before[each.deed] = before.get(each.deed, 0) + each.events
    now: dict[str, int] = {}
    for each in asked.of(engagement):
        now[each.deed] = now.get(each.deed, 0) + each.events
    most = sorted(now.items(), key=lambda deed: (-deed[1], deed[0]))[:MOST_CARDS]
    return [
        Card(spoken(deed), Count(number).shown, f"{change(number, before.get(deed, 0))} against the time before")
        for deed, number in most
    ]


def spoken(deed: str) -> str:
    return deed.replace("_", " ").replace("-", " ").capitalize()


def by_days(asked: Asked) -> Shown:
    found = counts_by_day(asked.view, Dimension.ENGAGEMENT, None)
    rows: list[list[Figure]] = [
        [Day(each.day), Count(each.counts.events), Count(each.counts.visitors)] for each in found
    ]
    chart = by_day(
        "engagement",
        "Deeds in the community each day",
        [each.day for each in found],
        [Line("Deeds", [each.counts.events for each in found], "one")],
        stacked=True,
    )
    headings = ("Day", "Deeds", "People, once for each kind of deed")
    return Shown(table("engagement", "Deeds each day", headings, rows), chart)


def deeds(asked: Asked) -> Shown:
    rows: list[list[Figure]] = [
        [Words(spoken(each.deed)), Words(each.category), Count(each.events), Count(each.by)]
        for each in asked.of(engagement)
    ]
    return Shown(table("deeds", "By deed and category", ("Deed", "Category", "Times", "People each day"), rows))


PAGE = Page(
    "community",
    "Community",
    cards=cards,
    sections=[
        Section("engagement", "Posts, comments, likes and all else that is done there.", by_days, is_wide=True),
        Section("deeds", "What was done, and where.", deeds, is_wide=True),
    ],
)
