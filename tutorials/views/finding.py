"""Finding tutorials: the list and its search, and what programs read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.sitemaps import views as sitemap_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from accounts.models import User
from common.addresses import absolute
from common.decorators import public_for
from common.forms import faults_in_words
from common.fragments import Value, Variant, with_gaps
from common.frame import FRAME, frame_of
from common.kept import generation, kept
from common.paging import neighbours
from tutorials.as_markdown import llms_txt, tutorial_as_markdown
from tutorials.feeds import NewestTutorials
from tutorials.forms import TutorialListForm
from tutorials.listing import KEPT, is_shelf, is_whole, list_tutorials, marks_among
from tutorials.models import Tutorial
from tutorials.querysets import TUTORIALS
from tutorials.sitemaps import SITEMAPS, files_of_map, fits_in_one_file
from tutorials.topics import address_of_topic

A_WHILE = 15 * 60  # seconds
# Of a tutorial's key, in the name of the gap in its row.
OF_ROW = "mark_"


@login_not_required
@require_safe
def tutorial_list(request: HttpRequest) -> HttpResponse:
    """The list with its filters; htmx asks for the results alone."""
    is_part: bool = request.htmx  # type: ignore[attr-defined]  # set by HtmxMiddleware
    if is_shelf(request.GET) and not is_part:
        response = HttpResponse(first_page(request))
    else:
        context = listed(request, request.user) | ({} if is_part else around(request))
        response = render(request, "tutorials/_results.html" if is_part else "tutorials/list.html", context)
    response["Vary"] = "HX-Request"
    return response


def first_page(request: HttpRequest) -> SafeString:
    """Of all, or of a topic, level or price: the same for everybody but for what they have begun, so it is kept."""
    user = request.user
    asked = sorted(request.GET.items())
    page = kept(
        lambda: page_with_gaps(request),
        *("list", generation(TUTORIALS), asked, timezone.get_current_timezone_name()),
        seconds=KEPT,
    )
    marks: dict[str, Value] = {name: "" for name in page.names if name.startswith(OF_ROW)}
    if user.is_authenticated and marks:
        begun = marks_among(user, [int(name.removeprefix(OF_ROW)) for name in marks])
        marks |= {f"{OF_ROW}{pk}": mark for pk, mark in begun.items()}
    return page.fill(around(request) | marks)


def around(request: HttpRequest) -> dict[str, Value]:
    """The frame. A topic's list is a page of its own; whatever else is asked for is a part of one."""
    frame, topic = frame_of(request, csrf_token=""), request.GET.get("topic")
    return frame | {"canonical": absolute(address_of_topic(topic))} if topic else frame


def page_with_gaps(request: HttpRequest) -> Variant:
    """As visitors see it; with a gap in each row, for its `mark`."""
    context = listed(request, AnonymousUser())
    rows = context["tutorials"]

    def render(gaps: dict[str, str]) -> str:
        context["tutorials"] = [row | {"mark": gaps[f"{OF_ROW}{row['id']}"]} for row in rows]
        return render_to_string("tutorials/list.html", context | gaps)

    return with_gaps((*FRAME, *(f"{OF_ROW}{row['id']}" for row in rows)), render)


def listed(request: HttpRequest, user: User | AnonymousUser) -> dict[str, Any]:
    form = TutorialListForm(request.GET)
    with faults_in_words():
        found = list_tutorials(form, user)
    return {
        "form": form,
        "tutorials": found.page.rows,
        "meant": found.meant,
        "exactly": exactly(request),
        "is_whole": is_whole(request.GET),
        **neighbours(request, found.page),
    }


def exactly(request: HttpRequest) -> str:
    """The address of the same search with the words as they are."""
    there = request.GET.copy()
    there.pop("cursor", None)
    there["exact"] = "true"
    return f"{request.path}?{there.urlencode()}"


@public_for(A_WHILE)
def feed(request: HttpRequest) -> HttpResponse:
    return NewestTutorials()(request)


@login_not_required
@require_safe
@cache_control(no_cache=True)
@conditional_page
def markdown(request: HttpRequest, slug: str) -> HttpResponse:
    """A tutorial for programs: the same for all who ask, so what is gated is not in it."""
    light = ("slug", "title", "summary", "body", "access")
    tutorial = get_object_or_404(Tutorial.objects.published().only(*light), slug=slug)
    response = text(tutorial_as_markdown(tutorial, request.build_absolute_uri), "text/markdown")
    # Engines list the page.
    response["Link"] = f'<{absolute(tutorial.get_absolute_url())}>; rel="canonical"'
    return response


@public_for(A_WHILE)
def llms(request: HttpRequest) -> HttpResponse:
    return text(llms_txt(request.build_absolute_uri), "text/plain")


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
def robots(request: HttpRequest) -> HttpResponse:
    sitemap_address = absolute(reverse("tutorials:sitemap"))
    return render(request, "robots.txt", {"sitemap": sitemap_address}, content_type="text/plain; charset=utf-8")


@public_for(A_WHILE)
def sitemap(request: HttpRequest) -> HttpResponse:
    """All pages, or where the files are in which they stand."""
    if fits_in_one_file():
        return rendered(sitemap_views.sitemap(request, SITEMAPS))
    return render(request, "sitemap_index.xml", {"addresses": files_of_map()}, content_type="application/xml")


@public_for(A_WHILE)
def sitemap_file(request: HttpRequest, section: str) -> HttpResponse:
    return rendered(sitemap_views.sitemap(request, SITEMAPS, section=section))


def rendered(response: Any) -> HttpResponse:
    """As an ordinary answer: what compares tags cannot replace a template's answer by "not modified"."""
    return HttpResponse(response.render().content, content_type=response["Content-Type"])


def text(content: str, kind: str) -> HttpResponse:
    return HttpResponse(content, content_type=f"{kind}; charset=utf-8")
