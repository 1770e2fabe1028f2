"""Goals, funnels, and the ways from page to page."""

from __future__ import annotations

from dataclasses import replace

from analytics.admin.dashboard.asked import MOST_SHOWN, Asked, Choice, Page, Section, Shown
from analytics.admin.dashboard.lists import DIRECT, parts, table
from analytics.models import Funnel
from analytics.models.counts import Dimension
from analytics.pictures import steps
from analytics.reports import Top, funnel, goals, steps_from, steps_to, top
from common.figures import Count, Figure, Words, share
from common.tables import Table

MOST_CHOICES = 50
MOST_LEADING = 5
LONGEST_LABEL = 24


def reached(asked: Asked) -> Shown:
    rows: list[list[Figure]] = [
        [
            Words(each.goal.name),
            Count(each.visitors),
            Count(each.visits),
            Words("" if each.rate is None else f"{each.rate * 100:.1f} %"),
            Words(first_of(each.sources, DIRECT)),
            Words(first_of(each.entries)),
            Words(first_of(each.pages_before)),
        ]
        for each in asked.of(goals)
    ]
    headings = ("Goal", "Visitors", "Visits", "Of all visits", "Most from", "Most began on", "Most came from page")
    return Shown(table("goals", "Goals", headings, rows))


def first_of(found: list[Top], otherwise: str = "") -> str:
    return (found[0].title or found[0].key or otherwise) if found else ""


def leading_to(asked: Asked) -> Shown:
    """What led to each goal: sources, entry pages and the pages before."""
    rows: list[list[Figure]] = []
    for each in asked.of(goals):
        for what, found in (("Source", each.sources), ("Began on", each.entries), ("Page before", each.pages_before)):
            rows += [
                [
                    Words(each.goal.name),
                    Words(what),
                    Words(one.title or one.key or DIRECT),
                    Count(one.counts.visits),
                    share(one.counts.visits, each.visits),
                ]
                for one in found[: max(MOST_LEADING, asked.rows - MOST_SHOWN)]
            ]
    return Shown(table("leading", "What led to them", ("Goal", "By", "What", "Visits", "Of the goal's"), rows))


def through(asked: Asked) -> Shown:
    """The funnel that was chosen, or the first there is."""
    chosen = funnel_of(asked)
    if chosen is None:
        return Shown(Table("funnel", "Funnel", [], [], []))
    found = funnel(asked.view, chosen)
    names = [f"{place}. {each.subject or each.event}" for place, each in enumerate(found, 1)]
    rows: list[list[Figure]] = [
        [
            Words(name),
            Count(each.reached),
            share(each.reached, found[max(place - 1, 0)].reached),
            share(each.reached, found[0].reached),
        ]
        for place, (name, each) in enumerate(zip(names, found, strict=True))
    ]
    title = f"Funnel: {chosen.name}"
    chart = steps("funnel", title, names, [each.reached for each in found], lambda place: shortened(names[place]))
    return Shown(table("funnel", title, ("Step", "People", "Of the step before", "Of the first"), rows), chart)


def shortened(name: str) -> str:
    """So that it has room beneath a bar."""
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"


def funnel_of(asked: Asked) -> Funnel | None:
    number = asked.about.removeprefix("funnel:")
    known = Funnel.objects.filter(pk=int(number)) if number.isdecimal() and len(number) < 10 else Funnel.objects.none()
    return known.first() or Funnel.objects.first()


def funnel_choices(asked: Asked) -> list[Choice]:
    return [Choice(f"funnel:{each.pk}", each.name) for each in Funnel.objects.all()[:MOST_CHOICES]]


GOALS = Page(
    "goals",
    "Goals and funnels",
    choices=funnel_choices,
    choice_label="Funnel",
    sections=[
        Section("goals", "Visits in which people did what we hope for.", reached, is_wide=True),
        Section("funnel", "People who took the steps in their order.", through, is_wide=True),
        Section(
            "leading", "By the source and the first page of the visit, and the page before.", leading_to, is_wide=True
        ),
    ],
)


def page_of(asked: Asked) -> str:
    """The page that was chosen, or the one at which most visits begin."""
    if asked.about:
        return asked.about
    return next((each.key for each in asked.of(top, Dimension.ENTRY, limit=1, order="visits")), "/")


def page_choices(asked: Asked) -> list[Choice]:
    found = top(asked.view, Dimension.PAGE, limit=MOST_CHOICES)
    return [Choice(each.key, each.title or each.key) for each in found]


def onward(asked: Asked) -> Shown:
    page = page_of(asked)
    return listed("onward", f"From {page}", steps_from(asked.view, page, limit=asked.rows))


def before(asked: Asked) -> Shown:
    page = page_of(asked)
    return listed("before", f"To {page}", steps_to(asked.view, page, limit=asked.rows))


def listed(name: str, title: str, found: list[Top]) -> Shown:
    whole = sum(each.counts.events for each in found)
    rows: list[list[Figure]] = [
        [Words(each.title or each.key), Count(each.counts.events), share(each.counts.events, whole)] for each in found
    ]
    bars = parts([each.counts.events for each in found])
    return Shown(replace(table(name, title, ("Page", "Times", "Of these"), rows), bars=bars))


JOURNEYS = Page(
    "journeys",
    "Journeys",
    choices=page_choices,
    choice_label="Page",
    sections=[
        Section("before", "From where people came to it within a visit.", before),
        Section("onward", "Where people went on to within a visit.", onward),
    ],
)
