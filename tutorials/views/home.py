"""The first page: for visitors what this is, for members where they are."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.permissions import member
from common.fragments import with_gaps
from common.frame import FRAME, frame_of
from common.kept import generation, kept
from tutorials import home_sections, learning
from tutorials.models import Track, Tutorial
from tutorials.querysets import NEWEST_FIRST, TUTORIALS
from tutorials.services import awarding
from tutorials.topics import topics_with_counts

# Seconds. What other apps show here, tracks and the price may be as old.
KEPT = 60


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return home_of_member(request)
    page = kept(lambda: with_gaps(FRAME, home_of_visitors), "home", generation(TUTORIALS), seconds=KEPT)
    return HttpResponse(page.fill(frame_of(request, csrf_token="")))


def home_of_visitors(gaps: dict[str, str]) -> str:
    first = Tutorial.objects.published().filter(access="free").for_reading()
    context = {
        "first": first.order_by("published_at", "id").first(),
        "tracks": Track.objects.published().with_totals()[:4],
        "topics": topics_with_counts(),
        "newest": Tutorial.objects.published().as_rows().order_by(*NEWEST_FIRST)[:4],
        "sections": home_sections.place.shown(AnonymousUser()),
        **gaps,
    }
    return render_to_string("tutorials/home.html", context)


def home_of_member(request: HttpRequest) -> HttpResponse:
    """Go on where one was, how today goes, one next thing, what is new."""
    user = member(request)
    context = {
        "places": learning.places_of(user, most=3),
        "today": learning.today_of(user),
        "next_step": learning.next_for(user),
        "newest": learning.new_since(user),
        "sections": home_sections.place.shown(user),
        "news": awarding.announce(user=user),
    }
    return render(request, "tutorials/home_member.html", context)
