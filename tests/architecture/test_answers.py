"""What every answer of every route has in common, whoever asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.accounts.clients import post
from tests.architecture import test_routes
from tests.architecture.test_routes import TABLE, address_of
from tests.factories import PASSWORD

# The fixtures of that file: somebody of each role, and something for each placeholder.
once, cast, things = test_routes.once, test_routes.cast, test_routes.things
# What one sees of others may be kept by one's own browser, and by nobody else: it is asked for at each page.
KEPT_BY_THE_BROWSER = {
    "community/images/<str:name>",
    "u/<slug:handle>/picture",
    "tutorials/<slug:slug>/images/<path:name>",
}
# The same for everybody, whoever asks.
THE_SAME_FOR_ALL = {
    "certificates/<uuid:pk>/card.png",
    "tracks/<slug:slug>/card.png",
    "tutorials/<slug:slug>/card.png",
    "api/schema",
    "achievements/<slug:code>.svg",
    "community/c/<slug:slug>/feed.atom",
    "community/feed.atom",
    "community/posts/<int:pk>/feed.atom",
    "community/tags/<slug:tag>/feed.atom",
    "llms.txt",
    "robots.txt",
    "sitemap-<slug:section>.xml",
    "sitemap.xml",
    "tutorials/<slug:slug>.md",
    "tutorials/feed.atom",
}
# Rows that looking may write: an invitation that one has followed is remembered, and what one was told of is read.
WRITTEN_BY_LOOKING = {"accounts_browsersession", "community_notification"}
WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')


def looks(things: dict[str, str], person: User | None) -> Iterator[tuple[str, HttpResponse, set[str]]]:
    """Every route that is looked at, its answer to this person, and the tables that were written meanwhile."""
    client = Client()
    if person is not None:
        client.force_login(person)
    # What ends a session comes last.
    for route, rule in sorted(TABLE.items(), key=lambda entry: "logout" in entry[0]):
        if rule.method != "get":
            continue
        with CaptureQueriesContext(connection) as asked:
            answer: Any = client.get(address_of(route, rule, things))
        assert answer.status_code < 500, route
        tables = {found[1] for query in asked if (found := WRITE.match(query["sql"]))}
        yield route, answer, tables


def lacks(answer: HttpResponse) -> set[str]:
    """The headers of safety that an answer has not, or not as it should."""
    policy = answer.get("Content-Security-Policy", "")
    held = {
        "X-Content-Type-Options": answer.get("X-Content-Type-Options") == "nosniff",
        "X-Frame-Options": answer.get("X-Frame-Options") in ("DENY", "SAMEORIGIN"),
        "Referrer-Policy": answer.get("Referrer-Policy")
        in ("strict-origin-when-cross-origin", "same-origin", "no-referrer"),
        "Cross-Origin-Opener-Policy": answer.get("Cross-Origin-Opener-Policy") == "same-origin",
        "Content-Security-Policy": "default-src 'none'" in policy,
        "X-Request-ID": bool(answer.get("X-Request-ID")),
    }
    told = {name for name in ("Server", "X-Powered-By") if name in answer}
    return {name for name, there in held.items() if not there} | told


@pytest.mark.parametrize("role", ["visitor", "learner", "administrator"])
def test_every_answer_has_the_headers_of_safety(
    cast: dict[str, User | None],
    things: dict[str, str],
    role: str,
) -> None:
    lacking = {route: missing for route, answer, _ in looks(things, cast[role]) if (missing := lacks(answer))}
    assert lacking == {}


def test_a_header_that_is_missing_would_be_found() -> None:
    answer = HttpResponse(headers={"X-Content-Type-Options": "sniff", "Server": "x 1.0"})
    assert {"X-Content-Type-Options", "Content-Security-Policy", "Server"} <= lacks(answer)


def test_no_answer_to_a_member_is_kept_by_others(
    cast: dict[str, User | None],
    things: dict[str, str],
) -> None:
    kept = {}
    for route, answer, _ in looks(things, cast["learner"]):
        control = set(answer.get("Cache-Control", "").replace(",", " ").split())
        wanted = {"private"} if route in KEPT_BY_THE_BROWSER else {"private", "no-store"}
        if answer.status_code == 200 and route not in THE_SAME_FOR_ALL and not wanted <= control:
            kept[route] = control
    assert kept == {}


@pytest.mark.parametrize("role", ["visitor", "learner", "administrator"])
def test_looking_changes_nothing(cast: dict[str, User | None], things: dict[str, str], role: str) -> None:
    written = {route: more for route, _, tables in looks(things, cast[role]) if (more := tables - WRITTEN_BY_LOOKING)}
    assert written == {}


def test_every_cookie_is_ours_alone(learner: User, visitor: Client) -> None:
    visitor.get("/accounts/login/")
    visitor.post("/accounts/login/", {"login": learner.email, "password": PASSWORD, "remember": "on"})
    by_api = post("login", {"email": learner.email, "password": PASSWORD, "token_delivery": "cookie"})
    cookies = {**visitor.cookies, **by_api.cookies}
    assert {"__Host-session", "__Host-csrf", "__Host-access", "__Host-refresh"} <= cookies.keys()
    for name, cookie in cookies.items():
        assert name.startswith("__Host-"), name
        assert cookie["secure"], name
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name
        assert cookie["samesite"] in ("Lax", "Strict"), name
        # The token of a form is for scripts of ours to read, and opens nothing by itself.
        assert cookie["httponly"] or name == "__Host-csrf", name
