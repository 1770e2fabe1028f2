"""The first page: who comes, from where, and what they look at."""

from __future__ import annotations

from datetime import date

from analytics.admin.dashboard.asked import Asked, Page, Section, Shown
from analytics.admin.dashboard.lists import VIEWS, listed, of_everybody, table
from analytics.keeping_out import Reason
from analytics.models import Note
from analytics.models.counts import Dimension
from analytics.pictures import Line, by_day, hours
from analytics.reports import NOTHING, Counts, OfDay, View, by_hour, counts_of, kept_out, live, totals, vitals
from analytics.reports import by_day as counts_by_day
from common.charts import Chart
from common.figures import Count, Day, Figure, Number, Span, Words, change, share
from common.tables import Card, Column, Table

REASONS = dict(Reason.choices)
ALL_PAGES_ONLY = "By tier, device and country of all pages together only."


def cards(asked: Asked) -> list[Card]:
    now, before = totals(asked.view), totals(asked.view.before())
    at_present = live(asked.now)
    days = asked.view.days
    against = f"against the {days} days before" if days > 1 else "against the day before"
    figures = [
        ("Visitors", Count(now.visitors).shown, now.visitors, before.visitors),
        ("Visits", Count(now.visits).shown, now.visits, before.visits),
        ("Page views", Count(now.views).shown, now.views, before.views),
        ("Bounced", share(now.bounces, now.visits).shown, now.bounce_rate or 0, before.bounce_rate or 0),
        (
            "Time per visit",
            Span(now.seconds_per_visit).shown,
            now.seconds_per_visit or 0,
            before.seconds_per_visit or 0,
        ),
    ]
    watching = ", ".join(page.title or page.key for page in at_present.pages[:2])
    return [
        Card("Here now", Count(at_present.visitors).shown, watching or "everybody of the last five minutes"),
        *(Card(name, shown, f"{change(this, that)} {against}") for name, shown, this, that in figures),
    ]


def visitors(asked: Asked) -> Shown:
    view = asked.view
    counts, before = counts_by_day(view), counts_by_day(view.before())
    notes = notes_of(view.first, view.last)
    rows: list[list[Figure]] = [
        [
            Day(each.day),
            *map(Count, measures(each.counts)),
            Count(earlier.counts.visitors),
            Words(notes.get(each.day, "")),
        ]
        for each, earlier in zip(counts, before, strict=True)
    ]
    columns = [*map(Column, ("Day", "Visitors", "Visits", "Page views", "Visitors before", "Note"))]
    chart = of_one_day(asked) if view.days == 1 else over_days(asked, counts, before, notes)
    remarks = [f"{day.day} {day:%B}: {text}" for day, text in sorted(notes.items())]
    return Shown(Table("visitors", "Visitors", columns, rows, []), chart, remarks)


def measures(counts: Counts) -> tuple[int, int, int]:
    return counts.visitors, counts.visits, counts.events


def over_days(asked: Asked, counts: list[OfDay], before: list[OfDay], notes: dict[date, str]) -> Chart:
    return by_day(
        "visitors",
        "Visitors each day",
        [each.day for each in counts],
        [
            Line("Visitors", [each.counts.visitors for each in counts], "one"),
            Line("The days before", [each.counts.visitors for each in before], "six"),
        ],
        notes=notes,
    )


def of_one_day(asked: Asked) -> Chart:
    found = by_hour(asked.view)
    return hours("visitors", "Visitors each hour", [Line("Visitors", [each.counts.visitors for each in found], "one")])


def notes_of(first: date, last: date) -> dict[date, str]:
    """Those of one day as one."""
    found: dict[date, str] = {}
    for note in Note.objects.filter(day__range=(first, last)).order_by("day", "pk"):
        found[note.day] = f"{found[note.day]}; {note.text}" if note.day in found else note.text
    return found


def read_to(view: View, paths: list[str]) -> list[Figure]:
    """How far they were seen, in the mean of the views that told."""
    told = counts_of(view, Dimension.SCROLL, paths)
    found = (told.get(path, NOTHING) for path in paths)
    return [share(counts.amount, counts.events * 100) for counts in found]


def speed(asked: Asked) -> Shown:
    rows: list[list[Figure]] = [
        [
            Words(each.title or each.path or "All pages"),
            Count(each.views),
            Number(each.lcp, 0),
            Number(each.inp, 0),
            Number(each.cls, 3),
        ]
        for each in vitals(asked.view)[: asked.rows + 1]
    ]
    headings = ("Page", "Views that told", "LCP, ms", "INP, ms", "CLS")
    remarks = [] if asked.view.is_of_everybody else [ALL_PAGES_ONLY]
    return Shown(table("speed", "Speed", headings, rows), remarks=remarks)


def not_counted(asked: Asked) -> Shown:
    rows: list[list[Figure]] = [
        [Words(str(REASONS.get(each.reason, each.reason)).capitalize()), Count(each.requests)]
        for each in kept_out(asked.view)
    ]
    return Shown(table("not-counted", "Not counted", ("Why", "Requests"), rows), remarks=of_everybody(asked.view))


PAGE = Page(
    "visitors",
    "Visitors",
    cards=cards,
    sections=[
        Section("visitors", "Members exactly, and the anonymous visitors of each day.", visitors, is_wide=True),
        Section(
            "pages",
            "What is looked at most, and how far down it is seen.",
            listed("pages", "Pages", "Page", Dimension.PAGE, VIEWS, beside=("Seen to", read_to)),
            is_wide=True,
        ),
        Section(
            "sources",
            "The site that a visit came from, or what its link said.",
            listed("sources", "Sources", "Source", Dimension.SOURCE),
        ),
        Section("entries", "Where visits begin.", listed("entries", "Entry pages", "Page", Dimension.ENTRY)),
        Section("exits", "Where visits end.", listed("exits", "Exit pages", "Page", Dimension.EXIT)),
        Section(
            "campaigns", "Of links with utm_campaign.", listed("campaigns", "Campaigns", "Campaign", Dimension.CAMPAIGN)
        ),
        Section("media", "Of links with utm_medium.", listed("media", "Media", "Medium", Dimension.MEDIUM)),
        Section("countries", "Of the time zone.", listed("countries", "Countries", "Country", Dimension.COUNTRY)),
        Section("devices", "", listed("devices", "Devices", "Device", Dimension.DEVICE)),
        Section("browsers", "", listed("browsers", "Browsers", "Browser", Dimension.BROWSER)),
        Section("systems", "", listed("systems", "Systems", "System", Dimension.SYSTEM)),
        Section("tiers", "", listed("tiers", "Tiers", "Tier", Dimension.TIER)),
        Section("features", "What is used.", listed("features", "Features", "Feature", Dimension.FEATURE, VIEWS)),
        Section("speed", "Three of four views were no slower, as browsers tell.", speed),
        Section("not-counted", "Requests for pages that count nowhere else.", not_counted),
    ],
)
