"""The lists of posts: all, of a category, of a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from billing.access import FREE
from common.forms import faults_in_words
from common.fragments import with_gaps
from common.frame import frame_of
from common.kept import kept
from common.paging import neighbours
from community.forms.listing import ORDER_CHOICES, PostListForm
from community.listing import list_posts
from community.models import Watch
from community.querysets.listing import LATEST
from community.querysets.posts import may_moderate
from community.rows import rows_of
from community.threads import WATCH

if TYPE_CHECKING:
    from django.http import HttpRequest

TEMPLATE = "community/list.html"
# Seconds; whatever is another in the meantime is another page.
KEPT = 60


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
    form = form_for(request, place)
    with faults_in_words():
        found = list_posts(form, pins=True)
    csrf_token = get_token(request) if request.user.is_authenticated else ""
    values: dict[str, Any] = frame_of(request, csrf_token=csrf_token) | {
        "rows": rows_of((*found.pinned, *found.page.rows), names_category=not form.cleaned_data["category"]),
        "watch": watch_of(request, form.cleaned_data, csrf_token),
        **neighbours(request, found.page),
    }
    return HttpResponse(page_around(request, form, values))


def form_for(request: HttpRequest, place: dict[str, str]) -> PostListForm:
    """What is asked for, with what is wrong with it. Raises Http404 where there is no such place."""
    asked = request.GET.copy()
    for name, value in place.items():
        asked[name] = value
    form = PostListForm(asked, user=request.user)
    form.full_clean()
    if not place.keys().isdisjoint(form.errors):
        raise Http404
    return form


def page_around(request: HttpRequest, form: PostListForm, values: dict[str, Any]) -> str:
    """The page with these `values`, which are those of now; what is around them is kept, where many ask for it."""
    context = {
        "form": form,
        "asked": form.cleaned_data,
        "here": request.path,
        "is_public": is_public(request, form.cleaned_data),
        "tabs": tabs(request, form),
        "new_post": new_post(form.cleaned_data),
        "moderates": may_moderate(request.user),
    }
    if not (values["rows"] and is_asked_often(request, form)):
        return render_to_string(TEMPLATE, context | values)
    # What is not there leaves no gap.
    gaps = tuple(name for name, value in values.items() if value is not None)
    facts = (
        *("posts", request.path, context["is_public"], form.cleaned_data["order"], context["moderates"], gaps),
        *((each.slug, each.name, each.description, each.access) for each in form.categories),
    )
    page = kept(
        lambda: with_gaps(gaps, lambda markers: render_to_string(TEMPLATE, context | values | markers)),
        *facts,
        seconds=KEPT,
    )
    return page.fill({name: values[name] for name in gaps})


def is_public(request: HttpRequest, asked: dict[str, Any]) -> bool:
    """Whether engines should list it: all posts, or those of a category that visitors see, as they stand there first.

    Not a tag: any word is one, and its posts are found by themselves.
    """
    category = asked["category"]
    return not request.GET and not asked["tag"] and (category is None or category.access == FREE)


def is_asked_often(request: HttpRequest, form: PostListForm) -> bool:
    """Whether a list is one of few: all posts or those of a category, in one of the orders."""
    return request.GET.keys() <= {"order", "cursor"} and not form.cleaned_data["tag"]


def watch_of(request: HttpRequest, asked: dict[str, Any], csrf_token: str) -> SafeString:
    """Where a member says whether they watch this category or tag; nothing where there is nothing to watch."""
    if not request.user.is_authenticated or not (asked["category"] or asked["tag"]):
        return SafeString()
    if asked["category"]:
        target, action = {"category": asked["category"]}, ("community:watch_category", asked["category"].slug)
    else:
        target, action = {"tag": asked["tag"]}, ("community:watch_tag", asked["tag"])
    watch = Watch.objects.of(request.user).filter(**target).first()
    address = reverse(action[0], args=[action[1]])
    return WATCH.fill({"action": address, "csrf_token": csrf_token}, level=watch.level if watch else "")


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
