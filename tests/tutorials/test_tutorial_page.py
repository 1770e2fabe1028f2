"""Reading a tutorial, or as much of it as is open."""

from dataclasses import astuple
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_topic, make_tutorial
from tutorials.models import Tutorial

pytestmark = pytest.mark.django_db


def read(client: Client, tutorial: Tutorial) -> str:
    response = client.get(tutorial.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_a_visitor_reads_a_free_tutorial(visitor: Client, tutorial: Tutorial) -> None:
    page = read(visitor, tutorial)
    assert "<h1" in page
    assert "Prompting that works" in page
    assert "The secret middle." in page
    assert 'href="#first-steps"' in page


def test_a_premium_tutorial_shows_its_opening_and_its_headings(visitor: Client, premium_tutorial: Tutorial) -> None:
    page = read(visitor, premium_tutorial)
    assert "The opening." in page
    assert "First steps" in page
    assert "The secret middle." not in page
    assert "$50" in page


def test_a_learner_has_no_premium_yet(client: Client, learner: User, premium_tutorial: Tutorial) -> None:
    client.force_login(learner)
    page = read(client, premium_tutorial)
    assert "The opening." in page
    assert "The secret middle." not in page


@pytest.mark.parametrize("who", ["author", "moderator", "admin"])
def test_staff_read_premium(
    client: Client, request: pytest.FixtureRequest, premium_tutorial: Tutorial, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert "The secret middle." in read(client, premium_tutorial)


def test_a_stranger_cannot_see_a_draft(visitor: Client, client: Client, learner: User, moderator: User) -> None:
    draft = make_tutorial("Draft", status="draft")
    assert visitor.get(draft.get_absolute_url()).status_code == 404
    for user in (learner, moderator):
        client.force_login(user)
        assert client.get(draft.get_absolute_url()).status_code == 404
        assert client.get("/api/tutorials/draft").status_code == 404


def test_a_premium_tutorial_without_headings_shows_nothing(visitor: Client) -> None:
    tutorial = make_tutorial("Unfinished", access="premium", body="The secret middle.\n")
    assert "The secret middle." not in read(visitor, tutorial)
    assert visitor.get("/api/tutorials/unfinished").json()["body_html"] == ""


def test_an_author_opens_a_draft_without_a_date(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    assert tutorial.title in read(client, make_tutorial("Draft", status="draft", published_at=None))


def test_those_who_may_edit_see_a_draft(client: Client, author: User) -> None:
    client.force_login(author)
    assert "The secret middle." in read(client, make_tutorial("Draft", status="draft"))


def test_a_person_sees_a_draft_of_their_own(client: Client, learner: User) -> None:
    client.force_login(learner)
    assert "Draft" in read(client, make_tutorial("Draft", status="draft", author=learner))


def test_next_and_previous_stay_in_the_topic(visitor: Client) -> None:
    def on(day: int, title: str, **fields: object) -> Tutorial:
        return make_tutorial(title, published_at=datetime(2026, 3, day, tzinfo=UTC), **fields)

    first, second, third = on(1, "First"), on(2, "Second"), on(2, "Third")
    on(3, "Hidden", status="draft")
    on(2, "Elsewhere", topic=make_topic("Tools"))
    beside = {
        tutorial.slug: [neighbour and neighbour.slug for neighbour in astuple(Tutorial.objects.neighbours(tutorial))]
        for tutorial in (first, second, third)
    }
    assert beside == {"first": [None, "second"], "second": ["first", "third"], "third": ["second", None]}
    assert 'href="/tutorials/third/"' in read(visitor, second)


def test_a_heading_or_title_cannot_break_out_of_the_page(visitor: Client) -> None:
    nasty = "<script>alert(1)</script>"
    page = read(visitor, make_tutorial(f"Title {nasty}", summary=nasty, body=f"{nasty}\n\n## {nasty}\n"))
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 3
    assert nasty not in page


def test_the_home_page_lets_one_begin_at_once(visitor: Client, tutorial: Tutorial, premium_tutorial: Tutorial) -> None:
    page = visitor.get("/").content.decode()
    assert "The opening." in page
    assert tutorial.get_absolute_url() in page
    assert "/tutorials/?topic=foundations" in page


def test_the_home_page_stands_without_any_tutorial(visitor: Client) -> None:
    assert visitor.get("/").status_code == 200
