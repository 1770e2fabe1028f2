"""Every address says who may use it: a new route without a line in this table fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

PUBLIC = "public"
STAFF = "staff"

# Route → who may GET it. `admin/` stands for all that Django's admin makes itself.
TABLE = {
    "": PUBLIC,
    "tutorials/": PUBLIC,
    "tutorials/<slug:slug>/": PUBLIC,
    "api/^tutorials$": PUBLIC,
    "api/^tutorials/(?P<slug>[-a-zA-Z0-9_]+)$": PUBLIC,
    "admin/": STAFF,
}
# What Django's admin shows to somebody who has not signed in.
OPEN_IN_ADMIN = {"admin/login/", "admin/jsi18n/"}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def all_routes() -> set[str]:
    return set(routes(get_resolver().url_patterns))


def test_every_route_is_in_the_table_and_none_is_invented() -> None:
    assert {"admin/" if route.startswith("admin/") else route for route in all_routes()} == set(TABLE)


@pytest.mark.parametrize("route", sorted(all_routes()))
def test_a_visitor_gets_in_only_where_the_table_says_public(visitor: Client, route: str) -> None:
    address = "/" + route.replace("^", "").replace("$", "").replace("(?P<slug>[-a-zA-Z0-9_]+)", "x")
    for placeholder in ("<slug:slug>", "<path:object_id>", "<int:content_type_id>", "<id>", "<app_label>"):
        address = address.replace(placeholder, "1")
    response = visitor.get(address)
    if not route.startswith("admin/"):
        # An unknown slug is a 404 to everybody; what matters is that nobody is sent to sign in.
        assert response.status_code in (200, 404)
    elif route not in OPEN_IN_ADMIN:
        assert response.status_code in (302, 404), address
        assert response.status_code == 404 or response["Location"].startswith("/admin/")
