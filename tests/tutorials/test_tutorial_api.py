"""Tutorials for programs."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_tutorial
from tutorials.models import Tutorial

pytestmark = pytest.mark.django_db

LISTED = {"slug", "title", "summary", "topic", "difficulty", "access", "minutes", "published_at"}


def test_the_list_says_what_there_is(visitor: Client, tutorial: Tutorial) -> None:
    answer = visitor.get("/api/tutorials").json()
    assert answer == {
        "next": None,
        "previous": None,
        "results": [
            {
                "slug": "prompting-that-works",
                "title": "Prompting that works",
                "summary": "Why one should read Prompting that works.",
                "topic": "foundations",
                "difficulty": "beginner",
                "access": "free",
                "minutes": 1,
                "published_at": "2026-09-01T00:00:00Z",
            }
        ],
    }


def test_a_tutorial_comes_whole(visitor: Client, tutorial: Tutorial) -> None:
    answer = visitor.get("/api/tutorials/prompting-that-works").json()
    assert answer.keys() == LISTED | {"author", "body_html", "blocks", "may_read"}
    assert "The secret middle." in answer["body_html"]
    assert answer["blocks"][0] == {"id": "first-steps", "text": "First steps", "level": 2}
    assert answer["may_read"] == {"allowed": True, "until": None, "why": "free"}


def test_both_reads_say_the_same(visitor: Client, tutorial: Tutorial) -> None:
    listed = visitor.get("/api/tutorials").json()["results"][0]
    detail = visitor.get("/api/tutorials/prompting-that-works").json()
    assert {name: detail[name] for name in LISTED} == listed


def test_premium_gives_its_opening_only(visitor: Client, premium_tutorial: Tutorial) -> None:
    answer = visitor.get("/api/tutorials/agents-and-tools").json()
    assert answer["body_html"] == "<p>The opening.</p>\n"
    assert answer["may_read"] == {"allowed": False, "until": None, "why": "premium_required"}


def test_staff_get_premium_whole(client: Client, moderator: User, premium_tutorial: Tutorial) -> None:
    client.force_login(moderator)
    answer = client.get("/api/tutorials/agents-and-tools").json()
    assert "The secret middle." in answer["body_html"]
    assert answer["may_read"]["why"] == "staff"


def test_the_cursor_leads_to_the_rest_and_back(visitor: Client) -> None:
    for number in range(5):
        make_tutorial(f"T{number}")
    first = visitor.get("/api/tutorials?page_size=2").json()
    second = visitor.get(first["next"]).json()
    assert [result["slug"] for result in first["results"] + second["results"]] == ["t4", "t3", "t2", "t1"]
    assert first["previous"] is None
    assert visitor.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", ["/api/tutorials", "/api/tutorials/prompting-that-works"])
def test_nothing_can_be_written(visitor: Client, tutorial: Tutorial, method: str, address: str) -> None:
    assert getattr(visitor, method)(address, {}, content_type="application/json").status_code == 405


def test_a_trailing_slash_or_format_is_another_address(visitor: Client, tutorial: Tutorial) -> None:
    assert visitor.get("/api/tutorials.json").status_code == 404
    assert visitor.get("/api/tutorials/prompting-that-works/").status_code == 404
