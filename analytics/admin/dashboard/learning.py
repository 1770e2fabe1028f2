"""How people learn: which tutorials they begin, and where in them they stop."""

from __future__ import annotations

from analytics.admin.dashboard.asked import Asked, Choice, Page, Section, Shown
from analytics.admin.dashboard.lists import table
from analytics.models.counts import Dimension
from analytics.pictures import Line, by_day, steps
from analytics.reports import TutorialFigures, tutorial, tutorials
from analytics.reports import by_day as counts_by_day
from common.figures import Count, Day, Figure, Span, Words, change, share
from common.tables import Card, Column, Table


def cards(asked: Asked) -> list[Card]:
    now, before = asked.of(tutorials), tutorials(asked.view.before())
    began, finished, seconds = summed(now)
    began_before, finished_before, seconds_before = summed(before)
    return [
        Card("Begun", Count(began).shown, f"{change(began, began_before)} against the time before"),
        Card("Finished", Count(finished).shown, f"{change(finished, finished_before)} against the time before"),
        Card("Finished of begun", share(finished, began).shown, "not always the same people"),
        Card("Time in tutorials", Span(seconds).shown, f"{change(seconds, seconds_before)} against the time before"),
    ]


def summed(found: list[TutorialFigures]) -> tuple[int, int, int]:
    return (
        sum(each.started for each in found),
        sum(each.finished for each in found),
        sum(each.seconds for each in found),
    )


def by_days(asked: Asked) -> Shown:
    begun = counts_by_day(asked.view, Dimension.TUTORIAL_STARTED, None)
    ended = counts_by_day(asked.view, Dimension.TUTORIAL_FINISHED, None)
    rows: list[list[Figure]] = [
        [Day(each.day), Count(each.counts.visitors), Count(done.counts.visitors)]
        for each, done in zip(begun, ended, strict=True)
    ]
    chart = by_day(
        "learning",
        "Tutorials begun and finished each day",
        [each.day for each in begun],
        [
            Line("Begun", [each.counts.visitors for each in begun], "five"),
            Line("Finished", [each.counts.visitors for each in ended], "one"),
        ],
    )
    return Shown(table("learning", "Begun and finished", ("Day", "Begun", "Finished"), rows), chart)


def each_tutorial(asked: Asked) -> Shown:
    found = asked.of(tutorials)
    rows: list[list[Figure]] = [
        [
            Words(each.title or each.slug),
            Words(each.slug),
            Count(each.started),
            Count(each.finished),
            share(each.finished, each.started),
            Span(each.median_seconds),
            Span(each.seconds),
        ]
        for each in found
    ]
    headings = ("Begun", "Finished", "Finished of begun", "Median time to finish", "Time altogether")
    columns = [Column("Tutorial"), Column("Slug", is_extra=True), *map(Column, headings)]
    return Shown(Table("tutorials", "Tutorials", columns, rows, []))


def choices(asked: Asked) -> list[Choice]:
    return [Choice(each.slug, each.title or each.slug) for each in asked.of(tutorials)]


def slug_of(asked: Asked) -> str:
    """The tutorial that was chosen, or the one that most began."""
    return asked.about or next((each.slug for each in asked.of(tutorials)), "")


def through(asked: Asked) -> Shown:
    """How far people came in one of them."""
    slug = slug_of(asked)
    found = asked.of(tutorial, slug)
    names = [f"{tenth} %" for tenth in found.tenths]
    reached = list(found.tenths.values())
    rows: list[list[Figure]] = [
        [Words(name), Count(count), share(count, found.figures.started)]
        for name, count in zip(names, reached, strict=True)
    ]
    title = f"How far people came in “{found.figures.title or slug}”" if slug else "How far people came"
    chart = steps("through", title, names, reached, lambda place: names[place]) if any(reached) else None
    return Shown(table("through", title, ("Of the text", "Came so far", "Of those who began"), rows), chart)


def blocks(asked: Asked) -> Shown:
    rows: list[list[Figure]] = [
        [Words(each.block or "The opening"), Count(each.reached)] for each in asked.of(tutorial, slug_of(asked)).blocks
    ]
    return Shown(table("blocks", "Sections of it", ("Section", "Were there"), rows))


PAGE = Page(
    "learning",
    "Learning",
    cards=cards,
    choices=choices,
    choice_label="Tutorial",
    sections=[
        Section("learning", "People who began or finished a tutorial on a day.", by_days, is_wide=True),
        Section("tutorials", "What was done in each of them in these days.", each_tutorial, is_wide=True),
        Section("through", "Each person once, at the farthest place of these days.", through),
        Section("blocks", "Where people came further, each once a day.", blocks),
    ],
)
