"""Goals, funnels, and the ways from page to page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analytics.admin.dashboard.asked import MOST_SHOWN, Asked, Choice, Page, Section, Shown
from analytics.admin.dashboard.lists import CHANGE, DIRECT, of_everybody, parts, table
from analytics.events import Name
from analytics.matching import ANY
from analytics.models import Funnel, Journey
from analytics.models.counts import Dimension
from analytics.pictures import steps
from analytics.reports import Top, View, Way, Ways, funnel, goals, steps_from, steps_to, top, ways
from analytics.reports.journeys import MOST_EVENTS
from common.figures import Change, Count, Figure, Words, share
from common.tables import Table

MOST_CHOICES = 50
MOST_LEADING = 5
SINGLE_PAGES_ONLY = "Single steps are counted of single pages only."
SAVED = "journey:"
ARROW = " \N{RIGHTWARDS ARROW} "
CAME, LEFT = "came", "left"
LONGEST_LABEL = 24


def reached(asked: Asked) -> Shown:
    earlier = {each.goal.pk: each.visits for each in goals(asked.view.before())}
    rows: list[list[Figure]] = [
        [
            Words(each.goal.name),
            Count(each.visitors),
            Count(each.visits),
            Change(each.visits, earlier.get(each.goal.pk, 0)),
            Words("" if each.rate is None else f"{each.rate * 100:.1f} %"),
            Words(first_of(each.sources, DIRECT)),
            Words(first_of(each.entries)),
            Words(first_of(each.pages_before)),
        ]
        for each in asked.of(goals)
    ]
    headings = (
        "Goal",
        "Visitors",
        "Visits",
        CHANGE,
        "Of all visits",
        "Most from",
        "Most began on",
        "Most came from page",
    )
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
    found, earlier = funnel(asked.view, chosen), funnel(asked.view.before(), chosen)
    names = [f"{place}. {each.subject or each.event}" for place, each in enumerate(found, 1)]
    rows: list[list[Figure]] = [
        [
            Words(name),
            Count(each.reached),
            share(each.reached, found[max(place - 1, 0)].reached),
            share(each.reached, found[0].reached),
            Count(former.reached),
            Change(each.reached, former.reached),
        ]
        for place, (name, each, former) in enumerate(zip(names, found, earlier, strict=True))
    ]
    title = f"Funnel: {chosen.name}"
    chart = steps("funnel", title, names, [each.reached for each in found], lambda place: shortened(names[place]))
    headings = ("Step", "People", "Of the step before", "Of the first", "People before", CHANGE)
    return Shown(table("funnel", title, headings, rows), chart)


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


def saved(asked: Asked) -> list[Journey]:
    return list(asked.of(saved_journeys))


def saved_journeys(_view: View) -> list[Journey]:
    return list(Journey.objects.all()[:MOST_CHOICES])


def most_seen(asked: Asked) -> list[Top]:
    return asked.of(top, Dimension.PAGE, limit=MOST_CHOICES)


def journey_of(asked: Asked) -> Journey:
    """The one or the page that was chosen, or the first there is."""
    known = {f"{SAVED}{each.pk}": each for each in saved(asked)}
    if asked.about in known:
        return known[asked.about]
    if asked.about and not asked.about.startswith(SAVED):
        return of_page(asked.about)
    return next(iter(known.values()), None) or of_page(next((each.key for each in most_seen(asked)), "/"))


def of_page(path: str) -> Journey:
    return Journey(name=path, event=Name.PAGE_VIEW.value, subject=path)


def journey_choices(asked: Asked) -> list[Choice]:
    """Those that were saved, then pages; and whatever page it is about just now."""
    choices = [Choice(f"{SAVED}{each.pk}", each.name) for each in saved(asked)]
    choices += [Choice(each.key, each.title or each.key) for each in most_seen(asked)]
    chosen = journey_of(asked)
    if chosen._state.adding and chosen.subject not in {choice.key for choice in choices}:
        choices.insert(0, Choice(chosen.subject, chosen.name))
    return choices


def to_it(asked: Asked) -> Shown:
    found = ways_of(asked)
    return shown_ways(asked, "ways-to", f"Ways to {journey_of(asked)}", found, found.before)


def from_it(asked: Asked) -> Shown:
    found = ways_of(asked)
    return shown_ways(asked, "ways-from", f"Ways from {journey_of(asked)}", found, found.onward)


def ways_of(asked: Asked) -> Ways:
    chosen = journey_of(asked)
    return asked.of(ways, event=chosen.event, subject=chosen.subject, steps=steps_of(asked, chosen), limit=asked.rows)


def steps_of(asked: Asked, chosen: Journey) -> int:
    return asked.steps or chosen.steps


def shown_ways(asked: Asked, name: str, title: str, of: Ways, found: list[Way]) -> Shown:
    length, is_onward = steps_of(asked, journey_of(asked)), name == "ways-from"
    rows: list[list[Figure]] = [
        [Words(spoken(way, length, is_onward=is_onward)), Count(way.visits), share(way.visits, of.visits)]
        for way in found
    ]
    bars = parts([way.visits for way in found])
    remarks = [f"Visits with it: {of.visits:,}. Ways of at most {length} steps."]
    if of.since:
        remarks.append(
            f"Of these days only the newest {MOST_EVENTS:,} events were looked at,"
            f" from {of.since:%-d %B %Y, %H:%M} UTC on."
        )
    if asked.view.topic:
        remarks.append("The topic does not narrow this.")
    return Shown(replace(table(name, title, ("Way", "Visits", "Of these"), rows), bars=bars), remarks=remarks)


def spoken(way: Way, length: int, *, is_onward: bool) -> str:
    """Where it has fewer steps than it might, the visit began or ended there."""
    steps = list(way.steps)
    if len(steps) < length:
        steps = [*steps, LEFT] if is_onward else [CAME, *steps]
    return ARROW.join(steps)


def onward(asked: Asked) -> Shown:
    return next_to(asked, "onward", "Next page after", steps_from)


def before(asked: Asked) -> Shown:
    return next_to(asked, "before", "Page before", steps_to)


def next_to(asked: Asked, name: str, title: str, report: Callable[..., list[Top]]) -> Shown:
    chosen = journey_of(asked)
    is_page = chosen.event == Name.PAGE_VIEW and chosen.subject and not chosen.subject.endswith(ANY)
    found = report(asked.view, chosen.subject, limit=asked.rows) if is_page else []
    whole = sum(each.counts.events for each in found)
    rows: list[list[Figure]] = [
        [Words(each.title or each.key), Count(each.counts.events), share(each.counts.events, whole)] for each in found
    ]
    listing = table(name, f"{title} {chosen}", ("Page", "Times", "Of these"), rows)
    remarks = of_everybody(asked.view) if is_page else [SINGLE_PAGES_ONLY]
    return Shown(replace(listing, bars=parts([each.counts.events for each in found])), remarks=remarks)


JOURNEYS = Page(
    "journeys",
    "Journeys",
    choices=journey_choices,
    choice_label="Journey or page",
    has_steps=True,
    is_compared=False,
    sections=[
        Section("ways-to", "The most common ways to it within a visit, each visit once.", to_it),
        Section("ways-from", "The most common ways on from it within a visit, each visit once.", from_it),
        Section("before", "One step before, each time, of all days.", before),
        Section("onward", "One step on, each time, of all days.", onward),
    ],
)
