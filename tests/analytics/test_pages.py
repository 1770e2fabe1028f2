"""Pages are named by their paths, as far as these name nobody and hold no secret."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from accounts.models import User
from analytics.pages import MOST_KNOWN, NAMED, form_of, known, learn, page_at, page_of
from tests.architecture.test_routes import all_routes
from tests.community.members import make_category, make_post
from tests.factories import make_tutorial, make_user
from tests.tutorials.learners import make_track

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
    assert page_of(resolve(path)) == page


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
        assert not held or route.startswith(tuple(NAMED))


def test_each_beginning_is_one_of_a_route() -> None:
    assert all(any(route.startswith(beginning) for route in all_routes()) for beginning in NAMED)


@pytest.mark.django_db
def test_a_path_that_is_sent_names_only_what_is_there_for_all(learner: User) -> None:
    known.clear()
    tutorial = make_tutorial("Prompting")
    make_tutorial("Secret", status="draft", published_at=None)
    make_track(tutorial, title="Agents", slug="agents")
    post = make_post(author=learner, category=make_category("Open"), tags=["rag"])
    hidden = make_post(author=make_user(role="administrator"), category=make_category("Space", access="premium"))
    sent = {
        "/tutorials/prompting/": "/tutorials/prompting/",
        "/tutorials/prompting/quiz/": "/tutorials/prompting/quiz/",
        "/tutorials/secret/": "/tutorials/<slug>/",
        "/tutorials/made-up-7/": "/tutorials/<slug>/",
        "/tracks/agents/": "/tracks/agents/",
        "/tracks/made-up/": "/tracks/<slug>/",
        f"/community/posts/{post.pk}/any-title/": f"/community/posts/{post.pk}/",
        f"/community/posts/{hidden.pk}/": "/community/posts/<pk>/",
        f"/community/posts/{'9' * 30}/": "/community/posts/<pk>/",
        "/community/c/open/": "/community/c/open/",
        "/community/c/space/": "/community/c/<slug>/",
        "/community/tags/rag/": "/community/tags/rag/",
        "/community/tags/made-up/": "/community/tags/<tag>/",
    }
    assert {path: page_at(path) for path in sent} == sent
    # Once; and what was not there may come.
    with CaptureQueriesContext(connection) as captured:
        page_at("/tutorials/prompting/")
    assert len(captured) == 0
    make_tutorial("Made up 7")
    assert page_at("/tutorials/made-up-7/") == "/tutorials/made-up-7/"


def test_what_was_served_is_known_without_a_question() -> None:
    known.clear()
    learn("/community/c/space/")
    assert page_at("/community/c/space/") == "/community/c/space/"
    known.clear()


def test_only_so_many_pages_are_known() -> None:
    for number in range(MOST_KNOWN + 5):
        learn(f"/tutorials/{number}/")
    assert len(known) <= MOST_KNOWN
    known.clear()
