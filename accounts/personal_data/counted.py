"""What analytics holds about people; it stands below accounts, and does not know them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.personal_data.registry import Holding, register
from analytics.models import MemberDay, MemberSummary, Note, UserAnalytics, WeeklyReader


def forget_author(notes: QuerySet[Any]) -> int:
    """What happened on a day stays, for those who wonder about its figures."""
    return notes.update(made_by=None)


register(
    Holding(
        UserAnalytics,
        title="Pages you looked at and what you did here, as they were counted",
        path="user",
        exported=(
            *("id", "at", "name", "subject", "source", "properties"),
            *("audience__browser", "audience__system"),
            *("audience__segment__tier", "audience__segment__country", "audience__segment__device"),
        ),
        left_out={"visitor": "it tells browsers of one day apart, and nobody can tell whose it was on another"},
    ),
    Holding(
        MemberDay,
        title="Days on which you were here",
        path="user",
        exported=("day", "views", "seconds"),
        left_out={"segment": "it is a number for what stands in the events: tier, country and device"},
    ),
    Holding(
        MemberSummary,
        title="When you did something for the first time, and where you came from",
        path="user",
        exported=(
            *("first_seen", "signed_up_at", "source", "campaign", "entry"),
            *("first_started_at", "first_finished_at", "premium_at"),
        ),
    ),
    Holding(
        WeeklyReader,
        title="That you want the figures of each week by mail",
        path="user",
        exported=("told",),
    ),
    Holding(
        Note,
        title="Notes that you made beside figures",
        path="made_by",
        exported=("day", "text"),
        anonymise=forget_author,
    ),
)
