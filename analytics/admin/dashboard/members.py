"""Members: how many are active, how many come back, and how far they come."""

from __future__ import annotations

from analytics.admin.dashboard.asked import Asked, Page, Section, Shown
from analytics.admin.dashboard.lists import DIRECT, table
from analytics.pictures import Line, by_day, steps
from analytics.reports import Conversion, cohorts, conversion, members, subscriptions
from common.figures import Count, Day, Figure, Number, Words, change, share
from common.tables import Card, Column, Table

COHORT_WEEKS = 12
NOBODY = Conversion("*", 0, 0, 0, 0, None, None, None)


def cards(asked: Asked) -> list[Card]:
    active = asked.of(members)[-1]
    earlier = members(asked.view.before())[-1]
    came = everybody(asked)
    return [
        Card("Active on the last day", Count(active.of_day).shown, f"{change(active.of_day, earlier.of_day)} since"),
        Card("Within 7 days", Count(active.of_week).shown, f"{change(active.of_week, earlier.of_week)} since"),
        Card("Within 30 days", Count(active.of_month).shown, f"{change(active.of_month, earlier.of_month)} since"),
        Card(
            "A day of a month", share(active.of_day, active.of_month).shown, "of the month's were there on the last day"
        ),
        Card("Signed up", Count(came.signed_up).shown, "in these days"),
        Card(
            "Became Premium", Count(came.premium).shown, f"{share(came.premium, came.signed_up).shown} of them, by now"
        ),
    ]


def everybody(asked: Asked) -> Conversion:
    return next(iter(asked.of(conversion)), NOBODY)


def active(asked: Asked) -> Shown:
    found = asked.of(members)
    rows: list[list[Figure]] = [
        [Day(each.day), Count(each.of_day), Count(each.of_week), Count(each.of_month)] for each in found
    ]
    chart = by_day(
        "active",
        "Active members",
        [each.day for each in found],
        [
            Line("On the day", [each.of_day for each in found], "one"),
            Line("Within 7 days", [each.of_week for each in found], "five"),
            Line("Within 30 days", [each.of_month for each in found], "two"),
        ],
    )
    return Shown(
        table("active", "Active members", ("Day", "On the day", "Within 7 days", "Within 30 days"), rows), chart
    )


def returning(asked: Asked) -> Shown:
    """How many of those who came first in a week were there again in the weeks after."""
    found = cohorts(asked.view, until=asked.today, weeks=COHORT_WEEKS)
    rows: list[list[Figure]] = [
        [
            Day(each.week),
            Count(each.size),
            *(
                share(each.returned[week], each.size) if week < len(each.returned) else Words("")
                for week in range(1, COHORT_WEEKS)
            ),
        ]
        for each in found
    ]
    columns = [Column("Week of"), Column("New"), *(Column(f"+{week}") for week in range(1, COHORT_WEEKS))]
    return Shown(Table("cohorts", "Coming back", columns, rows, []))


def way(asked: Asked) -> Shown:
    """From signing up to Premium."""
    names = ("Signed up", "Began a tutorial", "Finished one", "Became Premium")
    found = asked.of(conversion)
    rows: list[list[Figure]] = [
        [
            Words("All" if each.source == "*" else each.source or DIRECT),
            Count(each.signed_up),
            share(each.started, each.signed_up),
            share(each.finished, each.signed_up),
            share(each.premium, each.signed_up),
            Number(each.days_to_start),
            Number(each.days_to_finish),
            Number(each.days_to_premium),
        ]
        for each in found[: asked.rows + 1]
    ]
    headings = ("Source", *names, "Days to begin", "Days to finish", "Days to Premium")
    whole = found[0] if found else NOBODY
    reached = [whole.signed_up, whole.started, whole.finished, whole.premium]
    chart = steps("way", "From signing up to Premium", names, reached, lambda place: names[place])
    return Shown(table("way", "From signing up to Premium", headings, rows), chart if whole.signed_up else None)


def news(asked: Asked) -> Shown:
    rows: list[list[Figure]] = [
        [
            Words(each.what.replace("_", " ").capitalize()),
            Words(each.plan),
            Count(each.events),
            Number(each.amount / 100, 2),
        ]
        for each in subscriptions(asked.view)
    ]
    return Shown(table("subscriptions", "Subscriptions", ("What", "Plan", "Times", "Amount"), rows))


PAGE = Page(
    "members",
    "Members",
    cards=cards,
    sections=[
        Section("active", "Members who were there, each once.", active, is_wide=True),
        Section(
            "cohorts",
            "Of the members who were first seen in a week, those who were there in the weeks after.",
            returning,
            is_wide=True,
        ),
        Section("way", "Of those who signed up in these days, by now; days are medians.", way, is_wide=True),
        Section("subscriptions", "What became of them. Revenue has a page of its own.", news),
    ],
)
