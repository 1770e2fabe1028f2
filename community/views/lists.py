"""The lists of posts: all, of a category, of a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from common.forms import faults_in_words
from common.paging import neighbours
from community.forms.listing import ORDER_CHOICES, PostListForm
from community.listing import list_posts
from community.models import Watch
from community.querysets.listing import LATEST
from community.querysets.posts import may_moderate
from community.rows import rows_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_not_required
@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    return listed(request, {})


@login_not_required
@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    return listed(request, {"category": slug})


@login_not_required
@require_safe
def tag(request: HttpRequest, tag: str) -> HttpResponse:
    return listed(request, {"tag": tag})


def listed(request: HttpRequest, place: dict[str, str]) -> HttpResponse:
    """`place`: what the address names, without which there is no such page."""
    asked = request.GET.copy()
    for name, value in place.items():
        asked[name] = value
    form = PostListForm(asked, user=request.user)
    form.full_clean()
    if not place.keys().isdisjoint(form.errors):
        raise Http404
    with faults_in_words():
        found = list_posts(form, pins=True)
    context = {
        "form": form,
        "asked": form.cleaned_data,
        "tabs": tabs(request, form),
        "rows": rows_of((*found.pinned, *found.page.rows), names_category=not form.cleaned_data["category"]),
        **neighbours(request, found.page),
        "new_post": new_post(form.cleaned_data),
        "watch": watch_of(request, form.cleaned_data),
        "moderates": may_moderate(request.user),
    }
    return render(request, "community/list.html", context)


def watch_of(request: HttpRequest, asked: dict[str, Any]) -> dict[str, str] | None:
    """What a member has said to this category or tag, and where they say it; None where there is nothing to watch."""
    if not request.user.is_authenticated or not (asked["category"] or asked["tag"]):
        return None
    if asked["category"]:
        target, action = {"category": asked["category"]}, ("community:watch_category", asked["category"].slug)
    else:
        target, action = {"tag": asked["tag"]}, ("community:watch_tag", asked["tag"])
    watch = Watch.objects.of(request.user).filter(**target).first()
    return {"level": watch.level if watch else "", "action": reverse(action[0], args=[action[1]])}


def new_post(asked: dict[str, Any]) -> str:
    """Where one begins a post in this place."""
    place = {name: getattr(asked[name], "slug", asked[name]) for name in ("category", "tag", "tutorial") if asked[name]}
    address = reverse("community:new_post")
    return f"{address}?{urlencode(place)}" if place else address


def tabs(request: HttpRequest, form: PostListForm) -> list[dict[str, Any]]:
    """The orders that this list has, each with its address; none where there is only one."""
    asked = form.cleaned_data
    if asked["author"] or asked["tutorial"]:
        return []
    tabs = []
    for order, label in ORDER_CHOICES:
        there = request.GET.copy()
        there.pop("cursor", None)
        there["order"] = order
        if order == LATEST:
            there.pop("order")
        query = there.urlencode()
        address = f"{request.path}?{query}" if query else request.path
        tabs.append({"label": label, "address": address, "is_here": order == asked["order"]})
    return tabs
