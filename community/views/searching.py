"""Searching the whole site, and posts like the one that somebody begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from common.forms import faults_in_words
from common.paging import Page, neighbours
from community import searching
from community.forms.searching import SearchForm
from tutorials.forms import TutorialListForm
from tutorials.listing import list_tutorials

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MOST_TUTORIALS = 5


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Tutorials above, posts below; further pages have posts only."""
    form = SearchForm(request.GET)
    page = searched(request, form)
    asked = form.cleaned_data.get("q", "")
    words = searching.plain_words(asked) if form.is_valid() and not form.cleaned_data["cursor"] else ""
    context = {
        "form": form,
        "asked": asked,
        "posts": page.rows,
        "tutorials": tutorials_about(request, words) if words else [],
        "all_tutorials": f"{reverse('tutorials:list')}?{urlencode({'q': words})}",
        "tabs": tabs(request, form) if page.rows else [],
        **neighbours(request, page),
    }
    return render(request, "community/search.html", context)


def searched(request: HttpRequest, form: SearchForm) -> Page:
    """What is wrong with the question stands in the form; no form of ours sends anything else that is wrong."""
    try:
        return searching.answer_to(form, request.user)
    except ValidationError as error:
        if set(error.message_dict) != {"q"}:
            with faults_in_words():
                raise
        if "q" not in form.errors:
            form.add_error("q", error.error_dict["q"])
        return Page([], None, None)


def tutorials_about(request: HttpRequest, words: str) -> list[dict[str, Any]]:
    asked = {"q": words, "page_size": MOST_TUTORIALS, "exact": "true"}
    return list_tutorials(TutorialListForm(asked), request.user, is_part=True).page.rows


def tabs(request: HttpRequest, form: SearchForm) -> list[dict[str, Any]]:
    """The orders, each with its address."""
    orders: Any = form.fields["order"]
    return [
        {
            "label": label,
            "address": f"{request.path}?{urlencode({'q': form.cleaned_data['q'], 'order': order})}",
            "is_here": order == form.cleaned_data["order"],
        }
        for order, label in orders.choices
    ]


@login_not_required
@require_safe
def similar(request: HttpRequest) -> HttpResponse:
    """Posts like the one whose title is being typed, for the page on which it is."""
    posts = searching.similar(request.GET.get("title", ""), user=request.user)
    return render(request, "community/_similar.html", {"posts": posts})
