"""Authors write in the admin."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import make_topic
from tutorials.models import Tutorial

ADD = "admin:tutorials_tutorial_add"
PREVIEW = "admin:tutorials_tutorial_preview"


def fields(**changes: str) -> dict[str, str]:
    given = {
        "title": "New one",
        "slug": "new-one",
        "summary": "Why read it.",
        "body": "Hello *there*.",
        "topic": str(make_topic("Foundations").pk),
        "difficulty": "beginner",
        "access": "free",
        "status": "draft",
        "published_at_0": "",
        "published_at_1": "",
    }
    return given | changes


def test_an_author_writes_a_tutorial(client: Client, author: User) -> None:
    client.force_login(author)
    response = client.post(reverse(ADD), fields())
    assert response.status_code == 302, response.context["errors"]
    assert Tutorial.objects.get().body_html == "<p>Hello <em>there</em>.</p>\n"
    # An author may not look people up, so what they write is their own.
    assert Tutorial.objects.get().author == author
    change = client.get(reverse("admin:tutorials_tutorial_change", args=[Tutorial.objects.get().pk]))
    assert b"data-preview-url" in change.content
    assert client.get(reverse("admin:tutorials_tutorial_changelist")).status_code == 200


def test_an_administrator_chooses_the_author(client: Client, admin: User, author: User) -> None:
    client.force_login(admin)
    assert client.post(reverse(ADD), fields(author=str(author.pk))).status_code == 302
    assert Tutorial.objects.get().author == author


def test_publishing_without_a_date_is_refused_in_our_words(client: Client, author: User) -> None:
    client.force_login(author)
    response = client.post(reverse(ADD), fields(status="published"))
    assert b"A published tutorial needs the date of its publication." in response.content
    assert not Tutorial.objects.exists()


def test_a_taken_slug_is_refused_in_our_words(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    response = client.post(reverse(ADD), fields(slug=tutorial.slug))
    assert b"There is already a tutorial with this slug." in response.content


def test_the_preview_shows_what_readers_will_see(client: Client, author: User) -> None:
    client.force_login(author)
    response = client.post(reverse(PREVIEW), {"body": "## Hi\n\n<script>alert(1)</script>"})
    assert b'<h2 id="hi">Hi</h2>' in response.content
    assert b"<script>" not in response.content
    assert not Tutorial.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("learner", 302), ("moderator", 403), ("author", 200), ("admin", 200)])
def test_who_may_preview(client: Client, request: pytest.FixtureRequest, who: str, status: int) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.post(reverse(PREVIEW), {"body": "x"}).status_code == status


def test_the_preview_is_not_an_address_to_visit(client: Client, author: User) -> None:
    client.force_login(author)
    assert client.get(reverse(PREVIEW)).status_code == 405


def test_a_moderator_sees_no_tutorials_in_the_admin(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    assert client.get(reverse("admin:tutorials_tutorial_changelist")).status_code == 403
