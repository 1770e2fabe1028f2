"""Whose session ends while they write: their words stay before them, and they come back to where they were."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD

FORM = "http://testserver/community/new/?tutorial=prompts-that-work"
WORDS = "What I had written </textarea><script>alert(1)</script> for an hour."
HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


def test_what_somebody_wrote_is_shown_to_them_when_their_session_was_over() -> None:
    answer = Client().post(
        "/community/new/", {"title": "My question", "body": WORDS, "password": PASSWORD}, headers={"Referer": FORM}
    )
    page = answer.content.decode()
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Session")
    assert "You are signed out" in page
    assert "What I had written &lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt; for an hour." in page
    assert "My question" in page
    assert "<script>alert" not in page
    assert PASSWORD not in page
    assert 'href="/accounts/login/?next=/community/new/%3Ftutorial%3Dprompts-that-work"' in page


def test_one_comes_back_to_the_whole_address_of_a_form() -> None:
    answer = Client().post("/community/new/", {"body": "  "}, headers={"Referer": FORM})
    assert answer["Location"] == "/accounts/login/?next=/community/new/%3Ftutorial%3Dprompts-that-work"


def test_a_part_of_a_page_says_that_one_is_signed_out_and_is_no_page_to_sign_in() -> None:
    answer = Client().post("/community/drafts/save/", {"place": "post"}, headers=HTMX | {"Referer": FORM})
    part = answer.content.decode()
    assert answer.status_code == 401
    assert "You are signed out." in part
    assert "<html" not in part
    assert "<form" not in part


def test_who_says_that_they_came_from_no_address_is_asked_to_sign_in_too() -> None:
    answer = Client().get("/settings/profile/", headers=HTMX | {"Referer": "http://["})
    assert answer.status_code == 401
    assert "You are signed out." in answer.content.decode()


def test_a_form_that_had_expired_shows_what_was_written(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    answer = client.post("/community/new/", {"body": WORDS})
    assert answer.status_code == 403
    assert "What I had written &lt;/textarea&gt;" in answer.content.decode()
    assert "What you wrote" not in client.post("/community/new/", {"body": " "}).content.decode()


def test_what_a_page_of_somebody_else_sends_is_not_shown_as_ones_own_words(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    answer = client.post("/community/new/", {"body": WORDS}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert "What I had written" not in answer.content.decode()


def test_what_cannot_be_sent_from_a_part_of_a_page_is_told_in_words_that_fit_there(learner: User) -> None:
    client = Client()
    client.force_login(learner)
    answer = client.post("/community/posts/999/like/", headers=HTMX)
    assert answer.status_code == 404
    assert answer.content.decode().strip().startswith('<span role="alert">')
    assert "Show all tutorials" not in answer.content.decode()
