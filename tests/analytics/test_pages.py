"""Pages are named by their paths, as far as these name nobody and hold no secret."""

from __future__ import annotations

import re

import pytest

from analytics.pages import NAMED, form_of, page_at
from tests.architecture.test_routes import all_routes

# What may stand in the name of a page.
HARMLESS = {"{slug}", "{pk}", "{tag}"}


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", "/"),
        ("/tutorials/", "/tutorials/"),
        ("/tutorials/prompting/", "/tutorials/prompting/"),
        ("/tutorials/prompting/quiz/", "/tutorials/prompting/quiz/"),
        ("/tracks/agents/", "/tracks/agents/"),
        ("/community/posts/7/", "/community/posts/7/"),
        ("/community/posts/7/lea-learner-lives-in-london/", "/community/posts/7/"),
        ("/community/posts/7/edit/", "/community/posts/7/edit/"),
        ("/community/c/prompting/", "/community/c/prompting/"),
        ("/community/tags/rag/", "/community/tags/rag/"),
        ("/u/lea-learner/", "/u/<handle>/"),
        ("/community/people/lea-learner/watch/", "/community/people/<handle>/watch/"),
        ("/billing/organisations/acme/", "/billing/organisations/<slug>/"),
        ("/billing/invitations/secret-token/", "/billing/invitations/<token>/"),
        ("/notifications/7/", "/notifications/<pk>/"),
        ("/notifications/unsubscribe/secret:token/", "/notifications/unsubscribe/<token>/"),
        ("/settings/email/secret:token/", "/settings/email/<token>/"),
        ("/accounts/confirm-email/secret:token/", "/accounts/confirm-email/<key>/"),
        ("/accounts/password/reset/key/abc-secret/", "/accounts/password/reset/key/<uidb36>-<key>/"),
    ],
)
def test_a_page_is_named(path: str, page: str) -> None:
    assert page_at(path) == page


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere/", "/admin/", "/api/posts", "/api/analytics/events", "/static/css/base.css", "/webhooks/stripe"),
        *("/tutorials/feed.atom", "/tutorials/prompting.md", "/u/lea/picture", "/robots.txt", "/sitemap.xml"),
        *("", "tutorials/", "https://howtoai.example/tutorials/", "//evil.example/", "/tutorials/?q=secret"),
        *("/tutorials/" + "a" * 300 + "/", "/tutorials/\0/", "/tutorials/{slug}/", "/\ud800/", "/community/posts/x/"),
    ],
)
def test_what_is_no_page_has_no_name(path: str) -> None:
    assert page_at(path) == ""


def test_names_of_pages_hold_nothing_but_what_is_published() -> None:
    named = {route: form_of(route) for route in all_routes()}
    for route, form in named.items():
        held = set(re.findall(r"\{[^}]*\}", form.text))
        assert held <= HARMLESS, route
        assert not held or route.startswith(tuple(beginning for beginning, _ in NAMED))


def test_each_beginning_is_one_of_a_route() -> None:
    assert all(any(route.startswith(beginning) for route in all_routes()) for beginning, _ in NAMED)
