"""By what name a page is counted: its path, as far as that names nobody and holds no secret.

Where a path holds the handle of a person, a token or the number of something private, the route stands in its place,
such as /u/<handle>/. Never with a query.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.urls import Resolver404, ResolverMatch, resolve

LONGEST_PATH = 200  # characters
# Beginnings of routes, and by which of their parts a page may be named: what is published for all. All other parts of
# all routes are left out.
NAMED = (
    ("tutorials/<slug:slug>/", frozenset({"slug"})),
    ("tracks/<slug:slug>/", frozenset({"slug"})),
    # The title at the end of the address of a post is left out: it may change, and say anything.
    ("community/posts/<int:pk>/", frozenset({"pk"})),
    ("community/c/<slug:slug>/", frozenset({"slug"})),
    ("community/tags/<slug:tag>/", frozenset({"tag"})),
)
# Not for people to look at, or for those only who look after the platform.
NO_PAGES = ("admin/", "api/", "dev/", "static/", "media/", "webhooks/")
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
# Of a post both addresses, with and without its title, are one page.
TITLE = "community/posts/<pk>/<slug>/"


class Form(NamedTuple):
    """How the pages of a route are named."""

    # With a place, as str.format has it, for each part by which a page is named.
    text: str
    parts: frozenset[str]


def page_of(match: ResolverMatch) -> str:
    """Under what name the page of a route is counted; empty for what is no page."""
    form = form_of(match.route)
    if not form.parts:
        return form.text
    name = form.text.format_map(match.kwargs)
    return name if len(name) <= LONGEST_PATH else ""


@lru_cache(maxsize=10_000)
def page_at(path: str) -> str:
    """The page at a path of ours, as `page_of` names it; empty where there is none. Queries are not looked at."""
    if not path.startswith("/") or len(path) > LONGEST_PATH:
        return ""
    try:
        return page_of(resolve(path))
    except Resolver404:
        return ""


@lru_cache(maxsize=1000)
def form_of(route: str) -> Form:
    """Pages end in a slash; files, pictures and feeds do not."""
    if route.startswith(NO_PAGES):
        return Form("", frozenset())
    parts = next((parts for beginning, parts in NAMED if route.startswith(beginning)), frozenset())
    plain = PLACEHOLDER.sub(r"<\1>", simplify_regex(route).lstrip("/"))
    if plain and not plain.endswith("/"):
        return Form("", frozenset())
    plain = plain.removesuffix("<slug>/") if plain == TITLE else plain
    for part in parts:
        plain = plain.replace(f"<{part}>", f"{{{part}}}")
    return Form(f"/{plain}", parts)
