"""A post with what was said to it, and the small things that one does there."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.permissions import member
from common.comparing import compare
from common.forms import faults_in_words, in_words
from community import unread
from community.models import Comment, Post, Revision
from community.models.posts import slug_of
from community.querysets.posts import may_moderate, may_read_words
from community.querysets.threads import cursor_to, read_thread
from community.services import answers, likes, reading
from community.threads import address_of_comment, address_of_post, likes_in_words, page_of
from community.views import find_comment, find_post, find_to_like

MOST_REVISIONS = 20
# Of all edits on one page together; the one that goes beyond it is shown whole.
MOST_LINES = 2000
KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


@login_not_required
@require_safe
def post(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    """The thread; under another title than it has now, or none, it leads to this one."""
    user = request.user
    moderates = may_moderate(user)
    cursor, fault = request.GET.get("cursor", ""), None
    try:
        found = read_thread(pk, user, moderates=moderates, cursor=cursor)
    except ValidationError as error:
        # Whether there is such a thread, and where, comes first.
        fault, found = error, read_thread(pk, user, moderates=moderates)
    if found is None:
        raise Http404
    opening, page = found
    if slug != slug_of(opening.title):
        query = request.GET.urlencode()
        there = address_of_post(opening)
        return HttpResponseRedirect(f"{there}?{query}" if query else there)
    if fault is not None:
        raise BadRequest(in_words(fault)) from fault
    if user.is_authenticated:
        unread.note(user, has_any=opening.has_unread)
        reading.mark_thread_read(user=user, post=pk)
    return HttpResponse(page_of(request, opening, page, moderates=moderates))


@login_not_required
@require_safe
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """To the place of a comment, on whichever page of its thread it stands."""
    found = find_comment(request, pk)
    cursor = cursor_to(found, request.user, moderates=may_moderate(request.user))
    return redirect(address_of_comment(found.post.get_absolute_url(), found.pk, cursor))


@require_POST
def like_post(request: HttpRequest, pk: int) -> HttpResponse:
    return like(request, find_to_like(request, Post, pk))


@require_POST
def like_comment(request: HttpRequest, pk: int) -> HttpResponse:
    return like(request, find_to_like(request, Comment, pk))


def like(request: HttpRequest, text: Post | Comment) -> HttpResponse:
    """The button sends what shall be: liked=1 or 0."""
    act = likes.unlike if request.POST.get("liked") == "0" else likes.like
    with faults_in_words():
        liking = act(user=member(request), text=text)
    if request.htmx:  # type: ignore[attr-defined]  # set by HtmxMiddleware
        context = {"action": request.path, "liked": liking.liked, "likes": likes_in_words(liking.likes)}
        return render(request, "community/_like.html", context)
    return redirect(text)


@require_POST
def accept_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The button names the answer; without one the acceptance is taken back."""
    asked, user = find_post(request, pk), member(request)
    place: Post | Comment = asked
    named = request.POST.get("comment", "")
    with faults_in_words():
        if named:
            answer = get_object_or_404(Comment.objects.visible_to(user), pk=named if KEY.fullmatch(named) else 0)
            answers.accept_answer(by=user, post=asked, comment=answer)
            place = answer
        else:
            answers.take_back_acceptance(by=user, post=asked)
    if request.htmx:  # type: ignore[attr-defined]  # set by HtmxMiddleware
        return HttpResponseClientRedirect(place.get_absolute_url())
    return redirect(place)


@login_not_required
@require_safe
def post_history(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_post(request, pk)
    return history(request, found, found)


@login_not_required
@require_safe
def comment_history(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_comment(request, pk)
    return history(request, found, found.post)


def history(request: HttpRequest, text: Any, thread: Post) -> HttpResponse:
    """What a text said before each edit, the latest first. Only for who may read what it says now."""
    if not may_read_words(request.user, text):
        raise Http404
    kept = list(text.revisions.order_by("-id")[: MOST_REVISIONS + 1])
    versions = [text, *kept]
    edits: list[dict[str, Any]] = []
    lines = 0
    for new, old in list(pairwise(versions))[:MOST_REVISIONS]:
        edit = {
            "at": edited_at(new),
            "lines": compare(old.body, new.body),
            "title": changed(old, new, "title"),
            "tags": changed(old, new, "tags"),
        }
        edits.append(edit)
        lines += len(edit["lines"])
        if lines > MOST_LINES:
            break
    context = {"text": text, "post": thread, "edits": edits, "more": len(kept) > len(edits)}
    return render(request, "community/history.html", context)


def edited_at(version: Any) -> Any:
    return version.written_at if isinstance(version, Revision) else version.edited_at


def changed(old: Any, new: Any, name: str) -> tuple[str, str] | None:
    """What stood there and stands there now, if that differs."""
    before, after = (in_one_line(getattr(version, name, "")) for version in (old, new))
    return (before, after) if before != after else None


def in_one_line(value: str | list[str]) -> str:
    return ", ".join(value) if isinstance(value, list) else value
