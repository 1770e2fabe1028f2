"""The tutorial page, and how far its reader has come."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import member
from common.forms import cleaned, faults_in_words
from common.kept import for_visitors, kept
from common.prepared import Prepared
from tutorials import learning
from tutorials.forms import ProgressForm
from tutorials.models import Tutorial
from tutorials.services import awarding
from tutorials.services.progress import record_progress
from tutorials.views import find
from tutorials.views.tutorial_page import (
    KEPT,
    Reading,
    find_with_reading,
    news_of,
    page_for_member,
    page_for_visitor,
    questions_in,
)

# What tells whether the page that was kept is still true.
STAMP: Prepared[Tutorial] = Prepared(
    lambda slug, at: Tutorial.objects.published(at).filter(slug=slug).only("updated_at"), slug=str, at=datetime
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
    return HttpResponse(page_for_member(request, find_with_reading(user, slug), user))


def page_of_visitors(request: HttpRequest, slug: str) -> HttpResponse:
    """The same for all of them, so it is kept; one query tells whether it is still true.

    Not for whoever brings cookies: a message of ours may wait in them.
    """
    found = STAMP.first(slug=slug, at=timezone.now())
    if found is None:
        raise Http404
    if request.COOKIES or request.GET:
        return HttpResponse(page_for_visitor(request, find(request, slug)))
    facts = ("tutorial of visitors", found.pk, found.updated_at)
    page = kept(lambda: page_for_visitor(request, find(request, slug)).encode(), *facts, seconds=KEPT)
    return for_visitors(request, page)


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
        "is_member": True,
        "is_done": Reading.of(tutorial).completed_at is not None,
        "quiz_passed": tutorial.quiz_passed,
        "awards": news_of(awarding.announce(user=user)),
    }
    return render(request, "tutorials/_finish.html", context)
