"""The first page of the admin: the numbers that matter today, and what needs a hand.

Of each somebody sees what they may do something about. An errand is one query, for which its app has an index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Count as Counted
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from analytics.days import DAY, day_of, start_of
from analytics.models import Alert
from analytics.models.figures import MAY_SEE
from analytics.reports import View, totals
from billing.admin.revenue.figures import Money
from billing.models import ContactRequest, EventState, ProviderEvent
from billing.reports.revenue import month_so_far
from common.figures import Count, change
from common.moments import Moments
from common.tables import Card
from community.models import Case
from community.querysets.posts import may_moderate
from ops.models import Alarm, ErrorGroup
from ops.services.backups.standing import standing
from tutorials.admin.own import Own, own_tutorials
from tutorials.models import Status, Tutorial

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

WEEK = 7  # days
# How long a request for a contract is shown: nobody says here that it was answered.
FRESH = timedelta(days=14)


@dataclass(frozen=True)
class Number:
    """A figure with what it was, and the page that says more."""

    card: Card
    address: str


@dataclass(frozen=True)
class Errand:
    """Something that waits for somebody, the oldest of it since then."""

    words: str
    address: str
    since: str


def numbers(user: User | AnonymousUser) -> list[Number]:
    """At most three: who comes, who stays, what it brings in."""
    found = []
    now = timezone.now()
    week = last_week(now)
    if user.has_perm(MAY_SEE):
        came = totals(week).visitors, totals(week.before()).visitors
        found.append(Number(compared("Visitors in 7 days", *came), reverse("admin:analytics_figures_changelist")))
    if user.has_perm("accounts.view_user"):
        stayed = signed_up(week), signed_up(week.before())
        found.append(Number(compared("Signed up in 7 days", *stayed), reverse("admin:accounts_user_changelist")))
    if user.has_perm("billing.view_revenue"):
        month, currency = month_so_far(now)
        moved = Money(month.moved.monthly.total, currency, is_signed=True).shown
        card = Card("MRR", Money(month.end.monthly, currency).shown, f"{moved} this month")
        found.append(Number(card, reverse("admin:billing_revenue_changelist")))
    return found


def compared(name: str, now: int, before: int) -> Card:
    return Card(name, Count(now).shown, f"{change(now, before)} against the 7 days before")


def last_week(now: datetime) -> View:
    """The last seven whole days."""
    yesterday = day_of(now) - DAY
    return View(yesterday - (WEEK - 1) * DAY, yesterday)


def signed_up(view: View) -> int:
    since, until = start_of(view.first), start_of(view.last + DAY)
    return User.objects.filter(date_joined__gte=since, date_joined__lt=until).count()


def errands(user: User | AnonymousUser) -> list[Errand]:
    """In the order in which they should be seen to."""
    return [errand for may, find in ERRANDS if may(user) for errand in find()]


def alarms() -> Iterator[Errand]:
    for alarm in Alarm.objects.lasting().order_by("begun_at"):
        yield Errand(alarm.text, reverse("admin:ops_system_changelist"), ago(alarm.begun_at))


def alerts() -> Iterator[Errand]:
    for alert in Alert.objects.filter(ended_at=None).select_related("rule").order_by("began_at"):
        yield Errand(alert.words, reverse("admin:analytics_alert_changelist"), ago(alert.began_at))


def cases() -> Iterator[Errand]:
    yield from waiting(
        Case.objects.open(),
        "opened_at",
        "text waits to be looked at",
        "texts wait to be looked at",
        reverse("community:moderation"),
    )


def reviews() -> Iterator[Errand]:
    yield from waiting(
        Tutorial.objects.filter(status=Status.IN_REVIEW),
        "updated_at",
        "tutorial is in review",
        "tutorials are in review",
        listed("tutorials_tutorial", status__exact=Status.IN_REVIEW),
    )


def failed_events() -> Iterator[Errand]:
    yield from waiting(
        ProviderEvent.objects.filter(state=EventState.FAILED),
        "received_at",
        "payment event could not be applied",
        "payment events could not be applied",
        listed("billing_providerevent", state__exact=EventState.FAILED),
    )


def requests() -> Iterator[Errand]:
    yield from waiting(
        ContactRequest.objects.filter(created_at__gte=timezone.now() - FRESH),
        "created_at",
        "organisation asks for a contract",
        "organisations ask for a contract",
        listed("billing_contactrequest"),
    )


def errors() -> Iterator[Errand]:
    yield from waiting(
        ErrorGroup.objects.filter(resolved_at=None),
        "first_seen",
        "kind of error is open",
        "kinds of errors are open",
        listed("ops_errorgroup", state="open"),
    )


def waiting(rows: QuerySet[Any], at: str, one: str, many: str, address: str) -> Iterator[Errand]:
    found = rows.order_by().aggregate(count=Counted("pk"), oldest=Min(at))
    if found["count"]:
        words = f"1 {one}" if found["count"] == 1 else f"{found['count']:,} {many}"
        yield Errand(words, address, ago(found["oldest"]))


def ago(at: datetime) -> str:
    return str(Moments(timezone.now()).of(at).ago)


def listed(model: str, **filters: str) -> str:
    query = f"?{urlencode(filters)}" if filters else ""
    return f"{reverse(f'admin:{model}_changelist')}{query}"


def if_they_have(permission: str) -> Callable[[User | AnonymousUser], bool]:
    return lambda user: user.has_perm(permission)


ERRANDS: tuple[tuple[Callable[[User | AnonymousUser], bool], Callable[[], Iterator[Errand]]], ...] = (
    (if_they_have("ops.view_system"), alarms),
    (if_they_have("analytics.view_alert"), alerts),
    (may_moderate, cases),
    (if_they_have("tutorials.change_tutorial"), reviews),
    (if_they_have("billing.view_providerevent"), failed_events),
    (if_they_have("billing.view_contactrequest"), requests),
    (if_they_have("ops.view_errorgroup"), errors),
)


def own(user: User | AnonymousUser) -> list[Own] | None:
    """What somebody writes; None: they write nothing."""
    if not (isinstance(user, User) and user.has_perm("tutorials.add_tutorial")):
        return None
    return own_tutorials(user)


def promise(user: User | AnonymousUser) -> str:
    """What stands between us and the loss of everything; "" to whom it says nothing."""
    return standing().sentence if user.has_perm("ops.view_backuplog") else ""
