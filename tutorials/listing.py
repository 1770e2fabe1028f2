"""The tutorial list that the page and the API both show."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from analytics import track
from billing.access import LEVELS, levels_open_to
from common.database import indexes_only
from common.forms import cleaned
from common.fragments import Fragment
from common.paging import Page, page_among, page_of
from tutorials.forms import TutorialListForm
from tutorials.models import Tutorial, TutorialProgress
from tutorials.querysets import BEST_FIRST, MARKS, NEWEST_FIRST, search_published
from tutorials.vocabulary import corrected

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.contrib.auth.models import AnonymousUser
    from django.http import QueryDict

    from accounts.models import User

# What one can ask the list for without typing anything; then everybody sees the same, but for marks, and it is kept.
SHELVES = frozenset({"topic", "difficulty", "access"})
# Seconds. What comes out by itself, at its time, is listed as late.
KEPT = 60
MARK = Fragment("tutorials/_row_mark.html", fields=("percent",), flags=("finished",))
NO_MARK = SafeString("")
MARKED = re.compile(f"{MARKS[0]}([^{''.join(MARKS)}]*){MARKS[1]}")


@dataclass(frozen=True)
class Listed:
    """A page of the list, and the words that were searched in the place of those that found nothing ("": none)."""

    page: Page
    meant: str = ""


def list_tutorials(form: TutorialListForm, user: User | AnonymousUser, *, is_part: bool = False) -> Listed:
    """One page of what the form asks for. Raises ValidationError that names the parameter.

    `is_part`: of a search of the whole site, which is counted as one.

    After a search, rows have an `excerpt` ("" if the words stand in title, tags or summary only), a `marked_title` and
    a `marked_summary`: safe HTML with the words in <mark>. A member's rows have `fraction` and `completed_at`, and all
    have `mark`: markup that says the same.
    """
    asked = cleaned(form)
    if asked["q"]:
        listed = search(form, user)
        if not asked["cursor"] and not is_part:
            track.feature(
                user.pk, "search", place="tutorials", query_length=len(asked["q"]), found=len(listed.page.rows)
            )
        return listed
    rows = with_marks(user).published().filtered(**form.filters()).as_rows(*marks_of(user))
    page = page_of(rows, order=NEWEST_FIRST, cursor=asked["cursor"], size=asked["page_size"])
    return Listed(replace(page, rows=[row | {"mark": mark_of(row)} for row in page.rows]))


def search(form: TutorialListForm, user: User | AnonymousUser) -> Listed:
    asked = form.cleaned_data
    words, meant = asked["q"], ""
    levels = levels_open_to(user)
    # Who may not read all of them searches in none: what a phrase finds says what stands there.
    whole = levels.issuperset(LEVELS)
    with indexes_only():
        found = search_published(words, whole=whole, **form.filters())
        if not found and not asked["exact"] and (likely := corrected(words)):
            found = search_published(likely, whole=whole, **form.filters())
            words, meant = (likely, likely) if found else (words, "")
    page = page_among(found, order=BEST_FIRST, cursor=asked["cursor"], size=asked["page_size"])
    pks = [row["id"] for row in page.rows]
    shown = with_marks(user).published().filter(pk__in=pks).with_matches(words, levels)
    rows = {row["id"]: row for row in shown.as_rows("excerpt", "marked_title", "marked_summary", *marks_of(user))}
    # One that was taken back a moment ago is gone.
    return Listed(replace(page, rows=[in_html(rows[pk]) for pk in pks if pk in rows]), meant)


def marks_among(user: User, tutorials: Collection[int]) -> dict[int, SafeString]:
    """How far somebody is with those of these tutorials that they have begun, as `mark` of a row. One query."""
    begun = TutorialProgress.objects.filter(user=user, tutorial__in=tutorials)
    return {row["tutorial"]: mark_of(row) for row in begun.values("tutorial", "fraction", "completed_at")}


def mark_of(row: Mapping[str, Any]) -> SafeString:
    """What the row of a tutorial shows of `fraction` and `completed_at`; "" if it was not begun."""
    fraction, finished = row.get("fraction"), bool(row.get("completed_at"))
    return MARK.fill({"percent": round(100 * (fraction or 0))}, finished=finished) if fraction or finished else NO_MARK


def is_shelf(asked: QueryDict) -> bool:
    """Whether this is asked in one of the few ways of which each answer is kept."""
    return asked.keys() <= SHELVES and all(len(values) == 1 for _, values in asked.lists())


def is_whole(asked: QueryDict) -> bool:
    """Whether this is a list that engines should know: all tutorials, or those of a topic, from the beginning."""
    return asked.keys() <= {"topic"} and is_shelf(asked)


def with_marks(user: User | AnonymousUser) -> Any:
    return Tutorial.objects.with_marks_of(user) if user.is_authenticated else Tutorial.objects.all()


def marks_of(user: User | AnonymousUser) -> tuple[str, ...]:
    return ("fraction", "completed_at") if user.is_authenticated else ()


def in_html(row: dict[str, Any]) -> dict[str, Any]:
    # PostgreSQL gives the beginning of a text in which the words don't stand.
    excerpt = marked(row["excerpt"]) if MARKS[0] in row["excerpt"] else ""
    return (
        row
        | {"excerpt": excerpt, "mark": mark_of(row)}
        | {name: marked(row[name]) for name in ("marked_title", "marked_summary")}
    )


def marked(text: str) -> SafeString:
    """Text with MARKS as HTML: all of it escaped but for the marks, which come in pairs or not at all."""
    html = MARKED.sub(r"<mark>\1</mark>", escape(text))
    return mark_safe(re.sub(f"[{''.join(MARKS)}]", "", html))  # noqa: S308 - it was escaped in the line above
