"""The pages: find, respond."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from common.paging import address_of
from tutorials.forms import TutorialListForm
from tutorials.listing import list_tutorials
from tutorials.models import Topic, Tutorial
from tutorials.querysets import NEWEST_FIRST


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, one thing to read now, and what one can learn."""
    return render(
        request,
        "tutorials/home.html",
        {
            "first": Tutorial.objects.published()
            .filter(access="free")
            .select_related("topic")
            .order_by("published_at")
            .first(),
            "topics": Topic.objects.with_tutorials(),
            "newest": Tutorial.objects.published().as_rows().order_by(*NEWEST_FIRST)[:4],
        },
    )


@login_not_required
@require_safe
def tutorial_list(request: HttpRequest) -> HttpResponse:
    """The list with its filters; htmx asks for the results alone."""
    form = TutorialListForm(request.GET)
    try:
        page = list_tutorials(form)
    except ValidationError as error:
        raise BadRequest(in_words(error)) from error
    context = {
        "form": form,
        "tutorials": page.rows,
        "next": address_of(request.path, request.GET, page.next),
        "previous": address_of(request.path, request.GET, page.previous),
    }
    template = "tutorials/_results.html" if request.htmx else "tutorials/list.html"  # type: ignore[attr-defined]  # set by HtmxMiddleware
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@login_not_required
@require_safe
def tutorial_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One tutorial: the whole, or its opening and an honest offer."""
    tutorials = Tutorial.objects.visible_to(request.user).select_related("topic", "author")
    tutorial = get_object_or_404(tutorials.defer("body", "search"), slug=slug)
    access = tutorial.access_for(request.user)
    return render(
        request,
        "tutorials/detail.html",
        {
            "tutorial": tutorial,
            "access": access,
            "html": tutorial.html_for(access),
            "next": Tutorial.objects.next_after(tutorial),
            "previous": Tutorial.objects.last_before(tutorial),
        },
    )


def in_words(error: ValidationError) -> str:
    """Which parameter is wrong and why, in one sentence each."""
    return " ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
