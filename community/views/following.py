"""Watching and muting, and the list of what one watches and mutes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Profile
from accounts.permissions import member
from common.forms import PlaceForm, asked_place, cleaned, faults_in_words
from common.paging import neighbours, page_of
from community.forms.following import WatchForm
from community.models import Category, Watch
from community.querysets.following import WATCHES_NEWEST_FIRST
from community.services import following
from community.views import find_post

IN_WORDS = {"watching": "You watch it now.", "muted": "You hear no more of it.", "": "You neither watch nor mute it."}


@require_safe
def watch_list(request: HttpRequest) -> HttpResponse:
    rows = Watch.objects.visible_to(member(request)).as_rows()
    with faults_in_words():
        page = page_of(rows, order=WATCHES_NEWEST_FIRST, **asked_place(PlaceForm(request.GET)))
    context = {
        "watches": page.rows,
        **neighbours(request, page),
    }
    return render(request, "community/following.html", context)


@require_POST
def remove_watch(request: HttpRequest, pk: int) -> HttpResponse:
    following.remove_watch_by_key(user=member(request), key=pk)
    messages.success(request, "Removed.")
    return redirect("community:following")


@require_POST
def watch_post(request: HttpRequest, pk: int) -> HttpResponse:
    post = find_post(request, pk)
    return watch(request, post.get_absolute_url(), post=post)


@require_POST
def watch_category(request: HttpRequest, slug: str) -> HttpResponse:
    category = get_object_or_404(Category.objects.visible_to(request.user), slug=slug)
    return watch(request, category.get_absolute_url(), category=category)


@require_POST
def watch_tag(request: HttpRequest, tag: str) -> HttpResponse:
    return watch(request, reverse("community:tag", args=[tag]), tag=tag)


@require_POST
def watch_person(request: HttpRequest, handle: str) -> HttpResponse:
    profile = get_object_or_404(Profile.objects.public(), handle=handle)
    return watch(request, profile.get_absolute_url(), person=profile.user)


def watch(request: HttpRequest, there: str, **target: Any) -> HttpResponse:
    """htmx gets the buttons as they are now; others go back to the page of what they watch."""
    with faults_in_words():
        level = cleaned(WatchForm(request.POST))["level"]
        if level:
            following.put_watch(user=member(request), level=level, **target)
        else:
            following.remove_watch(user=member(request), **target)
    if request.htmx:  # type: ignore[attr-defined]  # set by HtmxMiddleware
        return render(request, "community/_watch.html", {"level": level, "action": request.path})
    messages.success(request, IN_WORDS[level])
    return HttpResponseRedirect(there)
