"""The summary of each week, by mail to staff who want it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from analytics import emails
from analytics.days import day_of
from analytics.models import WeeklyReader
from analytics.models.counts import Dimension
from analytics.models.figures import MAY_SEE
from analytics.reports import Top, View, conversion, engagement, top, totals, tutorials

WEEK = timedelta(days=7)
MOST_LISTED = 5


@dataclass(frozen=True)
class Compared:
    name: str
    now: int
    before: int


@dataclass(frozen=True)
class Summary:
    """Of a week that is over, beside the one before."""

    view: View
    figures: list[Compared]
    pages: list[Top]
    sources: list[Top]


def summary_of(week: date) -> Summary:
    """`week` is its Monday."""
    view = View(week, week + WEEK - timedelta(days=1))
    return Summary(
        view=view,
        figures=[Compared(name, count(view), count(view.before())) for name, count in FIGURES.items()],
        pages=top(view, Dimension.PAGE, limit=MOST_LISTED),
        sources=[each for each in top(view, Dimension.SOURCE, limit=MOST_LISTED + 1, order="visits") if each.key],
    )


def signed_up(view: View) -> int:
    return next((each.signed_up for each in conversion(view)), 0)


FIGURES: dict[str, Callable[[View], int]] = {
    "Visitors": lambda view: totals(view).visitors,
    "Page views": lambda view: totals(view).views,
    "Members who were there": lambda view: totals(view).members,
    "Signed up": signed_up,
    "Tutorials begun": lambda view: sum(each.started for each in tutorials(view)),
    "Tutorials finished": lambda view: sum(each.finished for each in tutorials(view)),
    "Deeds in the community": lambda view: sum(each.events for each in engagement(view)),
}


def last_week(now: datetime) -> date:
    """The Monday of the last week that is over, in the time zone of the figures."""
    today = day_of(now)
    return today - timedelta(days=today.weekday()) - WEEK


def send(now: datetime) -> int:
    """Mail last week's summary to each reader who has not had it and may still see figures; returns how many got it.

    A week that was missed altogether is not made up for: the next one tells of it by comparison.
    """
    week, sent = last_week(now), 0
    waiting = list(WeeklyReader.objects.to_be_told(week).values_list("pk", flat=True))
    if not waiting:
        return 0
    summary = summary_of(week)
    for user_id in waiting:
        sent += send_one(user_id, week, summary)
    return sent


@transaction.atomic
def send_one(user_id: int, week: date, summary: Summary) -> bool:
    """Together with the note that it was sent: the mail leaves with the commit. Once, also where two send at once."""
    untold = WeeklyReader.objects.to_be_told(week).select_related("user")
    reader = untold.select_for_update(of=("self",)).filter(pk=user_id).first()
    if reader is None:
        return False
    reader.told = week
    reader.save(update_fields=["told"])
    if not (reader.user.is_active and reader.user.has_perm(MAY_SEE)):
        return False
    emails.weekly_summary(to=reader.user.email, summary=summary)
    return True


def subscribe(*, user_id: int, now: datetime) -> None:
    """From the next week on; again it changes nothing."""
    WeeklyReader.objects.get_or_create(user_id=user_id, defaults={"told": last_week(now)})


def unsubscribe(*, user_id: int) -> None:
    WeeklyReader.objects.filter(user_id=user_id).delete()
