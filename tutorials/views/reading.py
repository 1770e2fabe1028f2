"""The tutorial page, and how far its reader has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from common.forms import cleaned, faults_in_words
from common.remembering import cache_may_be_away
from tutorials import learning, page_sections
from tutorials.forms import ProgressForm
from tutorials.models import Tutorial
from tutorials.services import awarding
from tutorials.services.progress import record_progress
from tutorials.views import UNREAD, find, member

# Seconds. What a page shows beside the tutorial itself (neighbours, the author's name) may be as old.
KEPT = 60


@dataclass(frozen=True)
class Reading:
    """What somebody has left at a tutorial."""

    fraction: float = 0
    block: str = ""
    heading: str = ""
    completed_at: datetime | None = None

    @property
    def percent(self) -> int:
        return int(self.fraction * 100)

    @classmethod
    def of(cls, tutorial: Any) -> Reading:
        """Of a tutorial that was found `with_reading_of` somebody."""
        if tutorial.reading is None:
            return cls()
        headings = {block["id"]: block["text"] for block in tutorial.blocks}
        block = tutorial.reading["block"] if tutorial.reading["block"] in headings else ""
        return cls(
            fraction=tutorial.reading["fraction"],
            block=block,
            heading=headings.get(block, ""),
            completed_at=parse_datetime(tutorial.reading["completed_at"] or ""),
        )


@login_not_required
@require_safe
def tutorial_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One tutorial: the whole, or its opening and an honest offer."""
    if request.user.is_authenticated:
        return page_of_member(request, slug)
    return page_of_visitors(request, slug)


def page_of_member(request: HttpRequest, slug: str) -> HttpResponse:
    user = member(request)
    tutorial = find_with_reading(user, slug)
    context = {
        **context_of(request, tutorial),
        "reading": Reading.of(tutorial),
        "marks": marks_of(tutorial),
        "awards": awarding.announce(user=user) if tutorial.has_news else [],
    }
    return render(request, "tutorials/detail.html", context)


def find_with_reading(user: User, slug: str) -> Any:
    """A tutorial with what this person has left there. Raises Http404."""
    tutorials = Tutorial.objects.visible_to(user).select_related("topic", "author").defer(*UNREAD)
    return get_object_or_404(tutorials.with_reading_of(user), slug=slug)


def page_of_visitors(request: HttpRequest, slug: str) -> HttpResponse:
    """The same for all of them, so it is kept; one query tells whether it is still true.

    Not for whoever brings cookies: a message of ours may wait in them.
    """
    published = Tutorial.objects.published()
    stamp = published.filter(slug=slug).values_list("pk", "updated_at").first()
    if stamp is None:
        raise Http404
    if request.COOKIES or request.GET:
        return render_for_visitor(request, slug)
    key = f"tutorial-page:{stamp[0]}:{stamp[1].timestamp()}:{request.scheme}:{request.get_host()}"
    kept: bytes | None = None
    with cache_may_be_away("pages are not kept"):
        kept = cache.get(key)
    if kept is None:
        kept = render_for_visitor(request, slug).content
        with cache_may_be_away("pages are not kept"):
            cache.set(key, kept, KEPT)
    response = HttpResponse(kept)
    response["ETag"] = f'W/"{sha256(kept).hexdigest()[:32]}"'
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Cookie"])
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def render_for_visitor(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "tutorials/detail.html", context_of(request, find(request, slug)))


def context_of(request: HttpRequest, tutorial: Tutorial) -> dict[str, Any]:
    """What everybody sees of a tutorial."""
    access = tutorial.access_for(request.user)
    walk = learning.walk_through(tutorial)
    html, is_out = tutorial.html_for(access), tutorial.is_out()
    return {
        "tutorial": tutorial,
        "access": access,
        # Of what is not out yet nobody else could read a question.
        "html": page_sections.with_questions(html, tutorial) if is_out else html,
        "sections": page_sections.place.shown(tutorial, request.user) if is_out else [],
        "questions": questions_in(tutorial),
        "walk": walk,
        "neighbours": None if walk else Tutorial.objects.neighbours(tutorial),
        "related": Tutorial.objects.related_to(tutorial),
    }


def questions_in(tutorial: Tutorial) -> int:
    return len(tutorial.quiz["questions"]) if tutorial.quiz else 0


def marks_of(tutorial: Any) -> list[dict[str, str]]:
    """The reader's bookmarks here, in the order of the text, each {"block", "heading", "note"}."""
    headings = {"": "The beginning"} | {block["id"]: block["text"] for block in tutorial.blocks}
    notes = {mark["block"]: mark["note"] for mark in tutorial.marked}
    return [
        {"block": block, "heading": heading, "note": notes[block]}
        for block, heading in headings.items()
        if block in notes
    ]


@require_POST
def progress(request: HttpRequest, slug: str) -> HttpResponse:
    """What a reading page reports, and the button that says it is done.

    The script names its visit and waits for nothing; htmx gets the end of the page anew.
    """
    tutorial = find(request, slug)
    with faults_in_words():
        report = cleaned(ProgressForm(request.POST))
        step = record_progress(user=member(request), tutorial=tutorial, **report)
    if request.htmx:  # type: ignore[attr-defined]  # set by HtmxMiddleware
        return finish(request, slug)
    if report["visit"]:
        return HttpResponse(status=204)
    if step.finished:
        messages.success(request, f"You finished “{tutorial.title}”.")
    return redirect(f"{tutorial.get_absolute_url()}#page_end")


def finish(request: HttpRequest, slug: str) -> HttpResponse:
    """The end of the page, for who has come there."""
    user = member(request)
    tutorial = find_with_reading(user, slug)
    context = {
        "tutorial": tutorial,
        "questions": questions_in(tutorial),
        "walk": learning.walk_through(tutorial),
        "reading": Reading.of(tutorial),
        "awards": awarding.announce(user=user),
    }
    return render(request, "tutorials/_finish.html", context)
