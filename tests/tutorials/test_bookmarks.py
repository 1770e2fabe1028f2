"""Bookmarks and private notes."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from tutorials.models import Bookmark, Tutorial
from tutorials.models.learning import LONGEST_NOTE
from tutorials.services import bookmarks
from tutorials.services.bookmarks import put_bookmark, remove_bookmark


def test_a_place_is_marked_once_and_its_note_may_change(learner: User, tutorial: Tutorial) -> None:
    put_bookmark(user=learner, tutorial=tutorial, block="first-steps")
    put_bookmark(user=learner, tutorial=tutorial, block="first-steps", note="  Try this. ")
    assert Bookmark.objects.get().note == "Try this."


@pytest.mark.parametrize(
    ("given", "field"), [({"block": "nowhere"}, "block"), ({"block": "", "note": "x" * (LONGEST_NOTE + 1)}, "note")]
)
def test_what_cannot_be_kept_is_refused_at_its_field(
    learner: User, tutorial: Tutorial, given: dict[str, str], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        put_bookmark(user=learner, tutorial=tutorial, **given)
    assert list(refused.value.message_dict) == [field]
    assert not Bookmark.objects.exists()


def test_there_is_a_most(learner: User, tutorial: Tutorial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookmarks, "MOST", 1)
    put_bookmark(user=learner, tutorial=tutorial, block="")
    with pytest.raises(ValidationError):
        put_bookmark(user=learner, tutorial=tutorial, block="first-steps")
    put_bookmark(user=learner, tutorial=tutorial, block="", note="Changing one is no new one.")


def test_the_page_of_bookmarks_shows_ones_own_alone(learner: User, stranger: User, tutorial: Tutorial) -> None:
    put_bookmark(user=learner, tutorial=tutorial, block="first-steps", note="A private thought.")
    for person, sees in ((learner, True), (stranger, False)):
        client = Client()
        client.force_login(person)
        for address in ("/learning/bookmarks/", tutorial.get_absolute_url()):
            assert ("A private thought." in client.get(address).content.decode()) is sees


def test_forms_mark_and_remove(learner: User, tutorial: Tutorial) -> None:
    client = Client()
    client.force_login(learner)
    here = tutorial.get_absolute_url()
    response = client.post(f"{here}bookmark/", {"block": "last-words", "note": "Again"})
    assert response["Location"] == f"{here}#last-words"
    assert client.post(f"{here}bookmark/", {"block": "nowhere"}).status_code == 400
    assert Bookmark.objects.get().block == "last-words"
    assert client.post(f"{here}bookmark/remove/", {"block": "last-words"})["Location"] == here
    assert not Bookmark.objects.exists()


def test_removing_twice_is_no_fault(learner: User, tutorial: Tutorial) -> None:
    put_bookmark(user=learner, tutorial=tutorial, block="")
    assert remove_bookmark(user=learner, tutorial=tutorial, block="")
    assert not remove_bookmark(user=learner, tutorial=tutorial, block="")


def test_a_bookmark_outlives_its_block(learner: User, tutorial: Tutorial) -> None:
    put_bookmark(user=learner, tutorial=tutorial, block="first-steps", note="Kept.")
    tutorial.body = "## Something else altogether\n\nNew."
    tutorial.blocks = []
    tutorial.save()
    client = Client()
    client.force_login(learner)
    page = client.get("/learning/bookmarks/").content.decode()
    assert "Kept." in page
    assert "#first-steps" not in page
