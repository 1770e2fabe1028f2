"""Which pages engines list and what is shown with a link, for every address there is."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from accounts.models import User
from tests.architecture import test_routes
from tests.architecture.test_routes import TABLE, address_of
from tests.heads import Head, head_of, map_of_site

pytestmark = pytest.mark.django_db

# The fixtures of that file: somebody of each role, and something for each placeholder.
once, cast, things = test_routes.once, test_routes.cast, test_routes.things
# Pages that engines list. What is in none of these two says "noindex".
LISTED = {
    "",
    "tutorials/",
    "tutorials/<slug:slug>/",
    "tracks/",
    "tracks/<slug:slug>/",
    "pricing/",
    "billing/enterprise/",
    "community/",
    "community/c/<slug:slug>/",
    "community/posts/<int:pk>/<slug:slug>/",
    "api/docs",
    "api/docs/<slug:group>",
}
# Pages that engines may list by what a person has chosen, and that are shared in any case.
SHARED = {"u/<slug:handle>/", "certificates/<uuid:pk>/", "community/tags/<slug:tag>/"}
TOLD = ("og:site_name", "og:type", "og:title", "og:description", "og:url", "og:image", "og:image:alt")


def pages_of_visitors(things: dict[str, str]) -> dict[str, tuple[Any, Head]]:
    """Each page that a visitor gets to see, by its route, with its address where it has been redirected."""
    found = {}
    for route, rule in TABLE.items():
        if rule.method != "get" or route == "admin/" or "logout" in route:
            continue
        answer: Any = Client().get(address_of(route, rule, things), follow=True)
        moved = answer.redirect_chain and "/accounts/login/" in answer.redirect_chain[-1][0]
        # What htmx asks for has no head.
        if answer.status_code == 200 and b"<html" in b"".join(answer)[:200] and not moved:
            found[route] = answer, Head(answer.content.decode())
    return found


def test_each_page_is_listed_at_one_address_or_not_at_all(cast: dict[str, User | None], things: dict[str, str]) -> None:
    pages = pages_of_visitors(things)
    assert pages.keys() >= LISTED | SHARED | {"search/", "accounts/login/", "billing/invitations/<str:token>/"}
    for route, (answer, head) in pages.items():
        assert head.is_listed is bool(head.canonical), route
        if head.canonical:
            assert head.canonical == f"{settings.SITE_URL}{answer.wsgi_request.path}", route
    # By its short address a post leads to the long one.
    listed = {route for route, (_, head) in pages.items() if head.is_listed}
    assert listed - {"community/posts/<int:pk>/", "community/comments/<int:pk>/"} == LISTED


def test_what_is_public_tells_of_itself_where_it_is_shared(
    cast: dict[str, User | None], things: dict[str, str]
) -> None:
    pages = pages_of_visitors(things)
    descriptions: dict[str, str] = {}
    for route in sorted(LISTED | SHARED):
        _, head = pages[route]
        for name in TOLD:
            assert head[name].strip(), f"{route} does not say {name}"
        assert head.title.removesuffix(" \u2013 How-to-AI") == head["og:title"]
        assert head["og:description"] == head["description"]
        assert head["og:url"].startswith(f"{settings.SITE_URL}/")
        assert head["og:image"].startswith(f"{settings.SITE_URL}/")
        assert (head["og:image:width"], head["og:image:height"]) == ("1200", "630")
        assert head["twitter:card"] == "summary_large_image"
        assert descriptions.setdefault(head["description"], route) == route
    for route in pages.keys() - LISTED - SHARED - {"community/posts/<int:pk>/", "community/comments/<int:pk>/"}:
        assert not pages[route][1].card, route


def test_pictures_of_pages_are_small_and_of_the_size_that_is_told(
    cast: dict[str, User | None], things: dict[str, str]
) -> None:
    pictures = {head["og:image"] for _, head in pages_of_visitors(things).values()} - {""}
    assert len(pictures) == 4
    for picture in pictures:
        path = picture.removeprefix(settings.SITE_URL)
        if path.startswith(settings.STATIC_URL):
            found = finders.find("img/card.png")
            assert found
            data = Path(found).read_bytes()
        else:
            answer = Client().get(path)
            assert answer["Content-Type"] == "image/png"
            data = answer.content
        assert len(data) < 60_000
        assert Image.open(BytesIO(data)).size == (1200, 630)


def test_the_map_names_what_is_listed_and_nothing_else(cast: dict[str, User | None], things: dict[str, str]) -> None:
    learner = cast[test_routes.LEARNER]
    assert learner is not None
    learner.profile.bio = "I teach chemistry."
    learner.profile.save()
    visitor = Client()
    robots = RobotFileParser()
    robots.parse(visitor.get("/robots.txt").content.decode().splitlines())
    named = re.findall(r"<loc>(.*?)</loc>", map_of_site(visitor))
    for address in named:
        head = head_of(address.removeprefix(settings.SITE_URL), visitor)
        assert head.is_listed, address
        assert head.canonical == address
        assert robots.can_fetch("Anybot", address), address
    pages = pages_of_visitors(things)
    listed = {head.canonical for _, head in pages.values() if head.is_listed}
    assert f"{settings.SITE_URL}/u/lea-learner/" in listed
    assert listed <= set(named)
    assert not any("/certificates/" in address for address in named)


@pytest.mark.parametrize(
    "address",
    [
        *("/tutorials/?q=open", "/tutorials/?difficulty=beginner", "/tutorials/?topic=foundations&access=free"),
        *("/tutorials/?tag=rag", "/community/?order=newest", "/community/?type=question", "/search/?q=open"),
        *("/accounts/login/?next=/tutorials/", "/accounts/signup/", "/accounts/password/reset/"),
    ],
)
def test_what_is_asked_for_is_not_listed(cast: dict[str, User | None], things: dict[str, str], address: str) -> None:
    head = head_of(address)
    assert not head.is_listed
    assert not head.canonical


def test_errors_are_not_listed_and_tell_nothing(visitor: Client) -> None:
    answer = visitor.get("/tutorials/nowhere/")
    head = Head(answer.content.decode())
    assert answer.status_code == 404
    assert not head.is_listed
    assert not head.card


def test_members_are_told_the_same_of_a_page_as_visitors(cast: dict[str, User | None], things: dict[str, str]) -> None:
    """Pages that are kept for members are filled elsewhere than those of visitors."""
    learner = cast[test_routes.LEARNER]
    assert learner is not None
    member = Client()
    member.force_login(learner)
    for route in LISTED - {""}:
        address = address_of(route, TABLE[route], things)
        answers = [client.get(address, follow=True) for client in (Client(), member)]
        first, second = (Head(answer.content.decode()) for answer in answers)
        assert first.canonical == second.canonical, route
        # A member's thread has none, to be light.
        assert second.card == ({} if "posts" in route else first.card), route
