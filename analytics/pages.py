"""By what name a page is counted: its path, as far as that names nobody and holds no secret.

Where a path holds the handle of a person, a token or the number of something private, the route stands in its place,
such as /u/<handle>/. Never with a query.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.db import OperationalError
from django.urls import Resolver404, ResolverMatch, resolve

logger = logging.getLogger(__name__)

LONGEST_PATH = 200  # characters
# Beginnings of routes, and the part by which a page may be named: what is published for all. All other parts of all
# routes are left out.
NAMED = {
    "tutorials/<slug:slug>/": "slug",
    "tracks/<slug:slug>/": "slug",
    # The title at the end of the address of a post is left out: it may change, and say anything.
    "community/posts/<int:pk>/": "pk",
    "community/c/<slug:slug>/": "slug",
    "community/tags/<slug:tag>/": "tag",
}
# Not for people to look at, or for those only who look after the platform.
NO_PAGES = ("admin/", "api/", "dev/", "static/", "media/", "webhooks/")
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
# Of a post both addresses, with and without its title, are one page.
TITLE = "community/posts/<pk>/<slug>/"


MOST_KNOWN = 10_000


class Form(NamedTuple):
    """How the pages of a route are named."""

    # With a place for its part, as str.format has it.
    text: str
    # The same with the name of the part in its place.
    route: str = ""
    # One of NAMED, and its part; empty where a page is named by nothing but its route.
    beginning: str = ""
    part: str = ""


NO_FORM = Form("")


class Place(NamedTuple):
    """What a path leads to; `value` is that of the part by which it is named, `route` its name without that."""

    page: str
    route: str = ""
    beginning: str = ""
    value: Any = None


NOWHERE = Place("")
# Upper apps say whether what a path names is there, by the beginning of its route.
is_there: dict[str, Callable[[Any], bool]] = {}
# Pages that were served or found.
known: set[str] = set()


def ask_whether_there(beginning: str, find: Callable[[Any], bool]) -> None:
    """`beginning` is one of NAMED, `find` gets the value of its part."""
    is_there[beginning] = find


def page_of(match: ResolverMatch) -> str:
    """Under what name the page of a route is counted; empty for what is no page."""
    return place_of(match).page


def place_of(match: ResolverMatch) -> Place:
    form = form_of(match.route)
    if not form.part:
        return Place(form.text)
    page = form.text.format_map(match.kwargs)
    if len(page) > LONGEST_PATH:
        return NOWHERE
    return Place(page, form.route, form.beginning, match.kwargs[form.part])


def page_at(path: str) -> str:
    """The page at a path of ours, as `page_of` names it; empty where there is none. Queries are not looked at.

    Anybody can send us paths, and could fill our tables with names of their own: so a page that this process has not
    served is named by what its path names only if that is there for all, which is asked of the database once, and else
    by its route. Both are answered alike, so nobody learns what is there.
    """
    page, route, beginning, value = place_at(path)
    if not beginning or page in known:
        return page
    try:
        if beginning not in is_there or not is_there[beginning](value):
            return route
    except OperationalError as error:
        logger.warning("whether there is %s nobody can say: %s", page, error)
        return route
    learn(page)
    return page


def learn(page: str) -> None:
    """It is there."""
    if page not in known:
        if len(known) >= MOST_KNOWN:
            known.clear()
        known.add(page)


@lru_cache(maxsize=10_000)
def place_at(path: str) -> Place:
    if not path.startswith("/") or len(path) > LONGEST_PATH:
        return NOWHERE
    try:
        return place_of(resolve(path))
    except Resolver404:
        return NOWHERE


@lru_cache(maxsize=1000)
def form_of(route: str) -> Form:
    """Pages end in a slash; files, pictures and feeds do not."""
    if route.startswith(NO_PAGES):
        return NO_FORM
    plain = PLACEHOLDER.sub(r"<\1>", simplify_regex(route).lstrip("/"))
    if plain and not plain.endswith("/"):
        return NO_FORM
    plain = plain.removesuffix("<slug>/") if plain == TITLE else plain
    for beginning, part in NAMED.items():
        if route.startswith(beginning):
            return Form("/" + plain.replace(f"<{part}>", f"{{{part}}}"), f"/{plain}", beginning, part)
    return Form(f"/{plain}")
