"""Finding tutorials: the list and its search, and what programs read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import views as sitemap_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from common.forms import faults_in_words
from common.paging import neighbours
from tutorials.as_markdown import llms_txt, tutorial_as_markdown
from tutorials.feeds import NewestTutorials
from tutorials.forms import TutorialListForm
from tutorials.listing import list_tutorials
from tutorials.models import Tutorial
from tutorials.sitemaps import SITEMAPS, fits_in_one_file

A_WHILE = 15 * 60  # seconds


@login_not_required
@require_safe
def tutorial_list(request: HttpRequest) -> HttpResponse:
    """The list with its filters; htmx asks for the results alone."""
    form = TutorialListForm(request.GET)
    with faults_in_words():
        listed = list_tutorials(form, request.user)
    context = {
        "form": form,
        "tutorials": listed.page.rows,
        "meant": listed.meant,
        "exactly": exactly(request),
        **neighbours(request, listed.page),
    }
    template = "tutorials/_results.html" if request.htmx else "tutorials/list.html"  # type: ignore[attr-defined]  # set by HtmxMiddleware
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


def exactly(request: HttpRequest) -> str:
    """The address of the same search with the words as they are."""
    there = request.GET.copy()
    there.pop("cursor", None)
    there["exact"] = "1"
    return f"{request.path}?{there.urlencode()}"


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
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
    return text(tutorial_as_markdown(tutorial, request.build_absolute_uri), "text/markdown")


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def llms(request: HttpRequest) -> HttpResponse:
    return text(llms_txt(request.build_absolute_uri), "text/plain")


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
def robots(request: HttpRequest) -> HttpResponse:
    sitemap_address = request.build_absolute_uri(reverse("tutorials:sitemap"))
    return render(request, "robots.txt", {"sitemap": sitemap_address}, content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """All pages, or where the files are in which they stand."""
    if fits_in_one_file():
        return rendered(sitemap_views.sitemap(request, SITEMAPS))
    return rendered(sitemap_views.index(request, SITEMAPS, sitemap_url_name="tutorials:sitemap_file"))


@login_not_required
@require_safe
@cache_control(public=True, max_age=A_WHILE)
@conditional_page
def sitemap_file(request: HttpRequest, section: str) -> HttpResponse:
    return rendered(sitemap_views.sitemap(request, SITEMAPS, section=section))


def rendered(response: Any) -> HttpResponse:
    """As an ordinary answer: what compares tags cannot replace a template's answer by "not modified"."""
    return HttpResponse(response.render().content, content_type=response["Content-Type"])


def text(content: str, kind: str) -> HttpResponse:
    return HttpResponse(content, content_type=f"{kind}; charset=utf-8")
