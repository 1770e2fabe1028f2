"""What a member learns: begun, finished, marked, earned."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import member
from common.forms import PlaceForm, cleaned, faults_in_words
from common.paging import neighbours
from tutorials import learning
from tutorials.forms import BookmarkForm, GoalForm
from tutorials.models import Achievement, Certificate, Track
from tutorials.services import awarding, bookmarks
from tutorials.services.progress import day_of, set_daily_goal
from tutorials.views import find
from tutorials.year import year_of, years_of


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Today, the days before, what was begun, tracks, and every achievement with those that are earned."""
    user = member(request)
    context = {
        "today": learning.today_of(user),
        "days": learning.days_of(user),
        "places": learning.places_of(user, most=10),
        "tracks": Track.objects.published().with_progress_of(user),
        "certificates": Certificate.objects.of(user),
        "achievements": learning.achievements_of(user),
        "news": awarding.announce(user=user),
        "this_year": day_of(user).year,
        "form": GoalForm(),
    }
    return render(request, "tutorials/learning.html", context)


@require_safe
def finished(request: HttpRequest) -> HttpResponse:
    with faults_in_words():
        page = learning.list_finished(member(request), PlaceForm(request.GET))
    context = {
        "rows": page.rows,
        **neighbours(request, page),
    }
    return render(request, "tutorials/finished.html", context)


@require_safe
def year(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody's own year; 404 for one in which they were not here."""
    user = member(request)
    known = years_of(user)
    if number not in known:
        raise Http404
    context = {
        "year": year_of(user, number),
        "earlier": number - 1 if number - 1 in known else None,
        "later": number + 1 if number + 1 in known else None,
    }
    return render(request, "tutorials/year.html", context)


@require_POST
def goal(request: HttpRequest) -> HttpResponse:
    with faults_in_words():
        learner = set_daily_goal(user=member(request), minutes=cleaned(GoalForm(request.POST))["daily_goal"])
    messages.success(request, f"Your goal is {learner.daily_goal} minutes a day.")
    return redirect("tutorials:learning")


@require_safe
def bookmark_list(request: HttpRequest) -> HttpResponse:
    with faults_in_words():
        page = learning.list_bookmarks(member(request), PlaceForm(request.GET))
    context = {
        "bookmarks": page.rows,
        **neighbours(request, page),
    }
    return render(request, "tutorials/bookmarks.html", context)


@require_POST
def put_bookmark(request: HttpRequest, slug: str) -> HttpResponse:
    tutorial = find(request, slug)
    with faults_in_words():
        asked = cleaned(BookmarkForm(request.POST))
        bookmark = bookmarks.put_bookmark(user=member(request), tutorial=tutorial, **asked)
    messages.success(request, "Your note is saved." if bookmark.note else "Marked. You find it under “Bookmarks”.")
    return redirect(f"{tutorial.get_absolute_url()}#{bookmark.block or 'main'}")


@require_POST
def remove_bookmark(request: HttpRequest, slug: str) -> HttpResponse:
    tutorial = find(request, slug)
    with faults_in_words():
        block = cleaned(BookmarkForm(request.POST))["block"]
    bookmarks.remove_bookmark(user=member(request), tutorial=tutorial, block=block)
    messages.success(request, "The bookmark is gone.")
    if request.POST.get("from") == "list":
        return redirect("tutorials:bookmarks")
    return redirect(tutorial)


@login_not_required
@require_safe
def achievement_picture(request: HttpRequest, code: str) -> HttpResponse:
    """The drawing of an achievement, from an address at which nothing else may happen."""
    achievement = get_object_or_404(Achievement, code=code)
    response = HttpResponse(achievement.picture, content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "public, max-age=3600"
    return response
