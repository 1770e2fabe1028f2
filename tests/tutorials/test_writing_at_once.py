"""Two who write the same thing at the same moment, each with a connection of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.at_once import at_once, messages, overtaken
from tests.factories import make_tutorial
from tests.tutorials.callers import Caller, refusal, words
from tests.tutorials.learners import make_track
from tests.tutorials.test_import_tutorials import write as write_file
from tests.tutorials.test_tutorial_admin import track_fields
from tutorials.models import Status, Track, Tutorial, TutorialVersion
from tutorials.services import Imported, import_tutorials, tracks, writing

pytestmark = pytest.mark.django_db(transaction=True)

NEW = {"title": "T", "slug": "t", "summary": "S"}
TEXT = "tutorials/text"


@pytest.fixture
def draft(author: User) -> Tutorial:
    return make_tutorial("Text", status="draft", published_at=None, author=author)


# Saving


def test_two_saves_are_two_versions_one_after_the_other(author: User, tutorial: Tutorial) -> None:
    change = partial(writing.change_tutorial, by=author, tutorial=tutorial)
    second = overtaken(partial(change, changes={"title": "One"}), partial(change, changes={"summary": "Two."}))
    assert (second.title, second.summary) == ("One", "Two.")
    versions = TutorialVersion.objects.order_by("number").values_list("number", "title", "summary")
    assert list(versions) == [
        (1, tutorial.title, tutorial.summary),
        (2, "One", tutorial.summary),
        (3, "One", "Two."),
    ]


def test_of_two_who_have_read_the_same_text_the_second_is_refused(author: User, draft: Tutorial) -> None:
    caller = Caller(author)
    tag = caller.get(TEXT)["ETag"]
    change = partial(writing.change_tutorial, by=author, tutorial=draft, changes={"body": "Mine."})
    answer = overtaken(change, lambda: caller.patch(TEXT, {"body": "Theirs."}, if_match=tag))
    assert refusal(answer) == (412, "precondition_failed")
    assert Tutorial.objects.get().body == "Mine.\n"


# Publishing


def test_publishing_twice_at_once_makes_one_version_and_refuses_one(author: User, draft: Tutorial) -> None:
    outcomes = at_once(partial(writing.publish, by=author, tutorial=draft))
    (refused,) = (outcome for outcome in outcomes if isinstance(outcome, ValidationError))
    assert refused.messages == ["This tutorial is published already."]
    assert TutorialVersion.objects.count() == 1


def test_programs_that_publish_at_once_all_hear_that_it_is_published(author: User, draft: Tutorial) -> None:
    answers = at_once(lambda: Caller(author).put(f"{TEXT}/publication", {"at": None}), times=4)
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "published")] * 4
    assert TutorialVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "steps", "ended", "after"),
    [
        (Status.PUBLISHED, ["archive"], "publication", Status.ARCHIVED),
        (Status.IN_REVIEW, ["publish"], "review", Status.PUBLISHED),
        (Status.ARCHIVED, ["unpublish", "ask_for_review"], "archive", Status.IN_REVIEW),
    ],
)
def test_who_ends_a_state_that_was_left_a_moment_ago_changes_nothing(
    author: User, before: Status, steps: list[str], ended: str, after: Status
) -> None:
    tutorial = make_tutorial("Text", status=before, author=author)

    def go_on() -> None:
        for step in steps:
            getattr(writing, step)(by=author, tutorial=tutorial)

    answer = overtaken(go_on, lambda: Caller(author).delete(f"{TEXT}/{ended}"))
    assert answer.status_code == 204
    assert Tutorial.objects.get().status == after


# Importing


def test_of_two_imports_of_the_same_files_the_second_finds_all_as_it_is(tmp_path: Path) -> None:
    """As where a release comes to two machines."""
    (tmp_path / "topics.yaml").write_text("- name: Foundations\n  slug: foundations\n  description: ''\n")
    write_file(tmp_path)
    run = partial(import_tutorials, path=tmp_path)
    assert overtaken(run, run) == Imported(created=0, updated=0, unchanged=1)


# Tracks


def make(by: User, *tutorials: Tutorial) -> Track:
    return tracks.write_track(by=by, track=None, values=NEW, tutorials=tutorials)


def test_two_tracks_with_one_slug_at_once_are_one_and_an_error_at_the_slug(author: User) -> None:
    answer = overtaken(partial(make, author), lambda: Caller(author).post("tracks", NEW))
    assert words(answer) == {"slug": "There is already a track with this slug."}
    assert Track.objects.count() == 1


def test_the_admin_too_says_that_somebody_was_quicker(client: Client, author: User, tutorial: Tutorial) -> None:
    client.force_login(author)
    add = reverse("admin:tutorials_track_add")
    answer = overtaken(partial(make, author), lambda: client.post(add, track_fields([tutorial]), follow=True))
    assert b"There is already a track with this slug." in answer.content
    assert not Track.objects.get().steps.exists()


def test_a_slug_that_somebody_takes_at_this_moment_is_not_given_twice(author: User) -> None:
    other = make_track(slug="other")
    change = partial(tracks.write_track, by=author, track=other, values={"slug": "t"})
    assert messages(overtaken(partial(make, author), change)) == ["There is already a track with this slug."]
    assert Track.objects.get(pk=other.pk).slug == "other"


def test_of_two_orders_at_once_the_later_one_holds(author: User) -> None:
    first, second, third = (make_tutorial(title) for title in ("First", "Second", "Third"))
    track = make(author, first)
    write = partial(tracks.write_track, by=author, track=track, values={})
    overtaken(partial(write, tutorials=[second, first, third]), partial(write, tutorials=[third, second]))
    assert list(track.steps.values_list("tutorial__slug", "position")) == [("third", 0), ("second", 1)]


def test_a_tutorial_that_becomes_a_step_at_this_moment_is_not_deleted(author: User, draft: Tutorial) -> None:
    delete = partial(writing.delete_tutorial, by=author, tutorial=draft)
    (said,) = messages(overtaken(partial(make, author, draft), delete))
    assert said.startswith("This tutorial is a step of the track T.")
    assert Tutorial.objects.exists()


def test_a_tutorial_that_is_deleted_at_this_moment_becomes_no_step(author: User, draft: Tutorial) -> None:
    delete = partial(writing.delete_tutorial, by=author, tutorial=Tutorial.objects.get())
    answer = overtaken(delete, lambda: Caller(author).post("tracks", NEW | {"tutorials": ["text"]}))
    assert words(answer) == {"tutorials": "There is no tutorial “text”."}
    assert not Track.objects.exists()


def test_what_is_deleted_at_this_moment_is_not_changed(author: User, draft: Tutorial) -> None:
    delete = partial(writing.delete_tutorial, by=author, tutorial=Tutorial.objects.get())
    answer = overtaken(delete, lambda: Caller(author).patch(TEXT, {"title": "Other"}))
    assert words(answer) == {"non_field_errors": "Somebody has deleted this tutorial."}


def test_a_track_that_gets_a_step_at_that_moment_is_deleted_all_the_same(admin: User, tutorial: Tutorial) -> None:
    track = make_track()
    write = partial(tracks.write_track, by=admin, track=track, values={}, tutorials=[tutorial])
    assert overtaken(write, partial(tracks.delete_track, by=admin, track=track)) is None
    assert not Track.objects.exists()


def test_who_writes_a_track_that_is_deleted_at_that_moment_hears_of_it(admin: User, tutorial: Tutorial) -> None:
    track = make_track(tutorial)
    write = partial(tracks.write_track, by=admin, track=Track.objects.get(), values={}, tutorials=[])
    assert messages(overtaken(partial(tracks.delete_track, by=admin, track=track), write)) == [tracks.GONE]
    tracks.delete_track(by=admin, track=track)
