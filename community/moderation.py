"""What moderators look at: the queue, and how a person stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from common.paging import Page, page_of
from community.models import Case, Deed, StaffAction, Standing
from community.querysets.moderation import LOG_NEWEST_FIRST, OLDEST_CASE_FIRST

if TYPE_CHECKING:
    from accounts.models import User
    from community.models import Comment, Post

# What counts as having been in trouble before.
TROUBLE = (Deed.HIDE, Deed.SILENCE, Deed.BAN)
LINES_SHOWN = 10


@dataclass(frozen=True)
class Item:
    """A case, with its text and how the author stands (None: no longer a member)."""

    case: Case
    text: Post | Comment
    standing: Standing | None
    # How often moderators hid something of the author, silenced or banned them.
    troubles: int


def queue(**place: Any) -> tuple[list[Item], Page]:
    """One page of the open cases, who waits longest first. A fixed number of queries."""
    waiting: Any = Case.objects.open().values("id", "opened_at")
    page = page_of(waiting, order=OLDEST_CASE_FIRST, **place)
    return items_of([row["id"] for row in page.rows]), page


def items_of(keys: list[int]) -> list[Item]:
    """In the order of these keys."""
    found = Case.objects.with_texts().in_bulk(keys)
    cases = [found[key] for key in keys if key in found]
    authors = {case.text.author_id for case in cases if case.text.author_id is not None}
    standings = Standing.objects.in_bulk(authors)
    troubles = troubles_of(authors)
    return [
        Item(
            case=case,
            text=case.text,
            standing=standings.get(case.text.author_id) if case.text.author_id else None,
            troubles=troubles.get(case.text.author_id, 0) if case.text.author_id else 0,
        )
        for case in cases
    ]


def troubles_of(people: set[int]) -> dict[int, int]:
    """Person → how often, what was undone not counted."""
    deeds = StaffAction.objects.filter(person__in=people, deed__in=TROUBLE, undoes=None, undone_by=None)
    return dict(deeds.order_by().values_list("person").annotate(total=Count("pk")))


def log_of(*, person: User | None, deed: str, **place: Any) -> tuple[list[StaffAction], Page]:
    """One page of the staff log, the latest first, of one person or deed if asked for."""
    lines = StaffAction.objects.all()
    if person is not None:
        lines = lines.filter(person=person)
    if deed:
        lines = lines.filter(deed=deed)
    keys: Any = lines.values("id")
    page = page_of(keys, order=LOG_NEWEST_FIRST, **place)
    found = StaffAction.objects.with_people().in_bulk([row["id"] for row in page.rows])
    return [found[row["id"]] for row in page.rows], page
