"""Tracks for programs."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.factories import make_tutorial
from tests.tutorials.callers import Caller, faults, refusal, words
from tests.tutorials.learners import finish, make_quiz_tutorial, make_track, record
from tutorials.models import Track, TrackCompletion, TrackStep

pytestmark = pytest.mark.django_db

LISTED = {"slug", "title", "summary", "tutorial_count", "minutes"}
OWN = {"fraction", "done", "completed_at"}
DETAIL = LISTED | {"quizzes_required", "steps"}
FOR_WRITERS = {"is_published", "position", "tutorials"}
NEW = {"title": "The path", "slug": "the-path", "summary": "One learns to walk."}


@pytest.fixture
def track() -> Track:
    return make_track(make_tutorial("One"), make_tutorial("Two"), slug="path", title="The path")


def test_the_list_says_where_each_path_leads(learner: User, track: Track) -> None:
    (listed,) = Caller().get("tracks").json()["results"]
    assert listed == {
        "slug": "path",
        "title": "The path",
        "summary": "A path.",
        "tutorial_count": 2,
        "minutes": 2,
    }
    (own,) = Caller(learner).get("tracks").json()["results"]
    assert own == listed | {"fraction": 0, "done": 0, "completed_at": None}


def test_a_track_shows_its_steps_in_order(track: Track) -> None:
    TrackStep.objects.create(track=track, tutorial=make_tutorial("Draft", status="draft"), position=0)
    answer = Caller().get("tracks/path").json()
    assert answer.keys() == DETAIL
    assert [step["slug"] for step in answer["steps"]] == ["one", "two"]
    assert answer["steps"][0].keys() == {"slug", "title", "summary", "difficulty", "access", "minutes"}


def test_a_track_shows_one_s_own_progress(learner: User, stranger: User, track: Track) -> None:
    one, two = track.tutorials.order_by("steps__position")
    finish(learner, one)
    record(learner, two, fraction=0.5)
    answer = Caller(learner).get("tracks/path").json()
    assert (answer["fraction"], answer["done"], answer["completed_at"]) == (0.75, 1, None)
    assert [(step["fraction"], step["is_done"], step["quiz_passed"]) for step in answer["steps"]] == [
        (1.0, True, None),
        (0.5, False, None),
    ]
    assert Caller(stranger).get("tracks/path").json()["fraction"] == 0
    finish(learner, two)
    assert Caller(learner).get("tracks/path").json()["completed_at"]


def test_both_reads_say_the_same(learner: User, track: Track) -> None:
    finish(learner, track.tutorials.order_by("pk")[0])
    for caller, names in ((Caller(), LISTED), (Caller(learner), LISTED | OWN)):
        (listed,) = caller.get("tracks").json()["results"]
        detail = caller.get("tracks/path").json()
        assert {name: detail[name] for name in names} == listed


def test_a_quiz_that_is_wanted_is_said_to_be(learner: User) -> None:
    quizzed = make_quiz_tutorial("Asked")
    make_track(quizzed, slug="path", quizzes_required=True)
    finish(learner, quizzed)
    answer = Caller(learner).get("tracks/path").json()
    assert answer["quizzes_required"] is True
    assert [(step["is_done"], step["quiz_passed"]) for step in answer["steps"]] == [(False, False)]


def test_what_is_not_published_is_there_for_writers_only(learner: User, author: User, track: Track) -> None:
    make_track(slug="empty")
    make_track(make_tutorial("Three"), slug="hidden", is_published=False)
    for caller in (Caller(), Caller(learner)):
        assert [each["slug"] for each in caller.get("tracks").json()["results"]] == ["path"]
        for slug in ("empty", "hidden", "nothing"):
            assert refusal(caller.get(f"tracks/{slug}")) == (404, "not_found")
    assert {each["slug"] for each in Caller(author).get("tracks").json()["results"]} == {"path", "empty", "hidden"}
    assert Caller(author).get("tracks/empty").json()["steps"] == []
    assert Caller(author).get("tracks/hidden").json().keys() == DETAIL | OWN | FOR_WRITERS


def test_the_cursor_leads_to_the_rest(track: Track) -> None:
    for number in range(3):
        make_track(make_tutorial(), slug=f"t{number}", position=number + 1)
    first = Caller().get("tracks?page_size=2").json()
    second = Caller().client.get(first["next"]).json()
    assert [each["slug"] for each in first["results"] + second["results"]] == ["path", "t0", "t1", "t2"]


@pytest.mark.parametrize("path", ["tracks", "tracks/path"])
def test_more_rows_cost_no_more_queries(
    learner: User, track: Track, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    caller = Caller(learner)
    with django_assert_max_num_queries(8) as few:
        caller.get(path)
    for number in range(6):
        step = make_tutorial(f"More {number}")
        TrackStep.objects.create(track=track, tutorial=step, position=number + 2)
        make_track(step)
    with django_assert_max_num_queries(8) as many:
        caller.get(path)
    assert len(many) == len(few)


# Writing


def test_an_author_lays_a_path(author: User) -> None:
    for title in ("One", "Two"):
        make_tutorial(title)
    made = Caller(author).post("tracks", NEW | {"is_published": True, "tutorials": ["two", "one"]})
    assert made.status_code == 201
    assert made["Location"] == "http://testserver/api/tracks/the-path"
    assert made.json() == Caller(author).get("tracks/the-path").json()
    assert made.json()["tutorials"] == ["two", "one"]
    assert [step["slug"] for step in Caller().get("tracks/the-path").json()["steps"]] == ["two", "one"]


def test_a_path_is_changed_as_often_as_one_likes(
    author: User, learner: User, track: Track, django_capture_on_commit_callbacks: Any
) -> None:
    finish(learner, track.tutorials.get(slug="two"))
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answer = Caller(author).patch("tracks/path", {"title": "Shorter", "tutorials": ["two"]})
        assert (answer.status_code, answer.json()["title"], answer.json()["tutorials"]) == (200, "Shorter", ["two"])
    assert TrackCompletion.objects.get().user == learner
    assert Caller(author).patch("tracks/path", {"summary": "Anew."}).json()["tutorials"] == ["two"]


def test_a_draft_may_be_a_step_and_waits(author: User, track: Track) -> None:
    make_tutorial("Draft", status="draft")
    answer = Caller(author).patch("tracks/path", {"tutorials": ["draft", "one"]}).json()
    assert answer["tutorials"] == ["draft", "one"]
    assert [step["slug"] for step in answer["steps"]] == ["one"]


def test_visitors_learners_and_moderators_lay_none(learner: User, moderator: User, track: Track) -> None:
    for method, path in (("post", "tracks"), ("patch", "tracks/path"), ("delete", "tracks/path")):
        assert refusal(Caller().send(method, path, NEW)) == (401, "not_authenticated")
        for reader in (learner, moderator):
            answer = Caller(reader).send(method, path, NEW)
            assert refusal(answer) == (403, "permission_denied")
            assert answer.json()["detail"] == "Only authors and staff may change tracks."
    assert Track.objects.get().title == "The path"


def test_a_tutorial_that_is_named_twice_leaves_nothing_behind(author: User, track: Track) -> None:
    said = {"tutorials": "This track already has this tutorial."}
    assert words(Caller(author).post("tracks", NEW | {"tutorials": ["one", "two", "one"]})) == said
    changes = {"title": "Changed", "tutorials": ["one", "one"]}
    assert words(Caller(author).patch("tracks/path", changes)) == said
    assert Track.objects.get().title == "The path"
    assert track.steps.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("slug", "path", "There is already a track with this slug."),
        ("slug", "no slug", None),
        ("title", "", "This field cannot be blank."),
        ("summary", 7, "Not a valid string."),
        ("is_published", "true", "Must be a valid boolean."),
        ("quizzes_required", 1, "Must be a valid boolean."),
        ("position", -1, None),
        ("position", 10**30, None),
        ("tutorials", ["nothing"], "There is no tutorial “nothing”."),
        ("tutorials", "one", None),
        ("tutorials", [7], "Not a valid string."),
        ("tutorials", ["a\0"], "Null characters are not allowed."),
        ("steps", [], "This cannot be changed here."),
    ],
)
def test_a_wrong_value_is_a_fault_of_its_field(
    author: User, track: Track, field: str, value: object, said: str | None
) -> None:
    answer = words(Caller(author).post("tracks", NEW | {field: value}))
    assert {name.partition(".")[0] for name in answer} == {field}
    assert said is None or set(answer.values()) == {said}
    assert Track.objects.count() == 1


def test_a_new_track_needs_its_fields(author: User) -> None:
    assert faults(Caller(author).post("tracks")) == {
        ("title", "required"),
        ("slug", "required"),
        ("summary", "required"),
    }


def test_a_track_goes_and_its_tutorials_stay(author: User, track: Track) -> None:
    assert Caller(author).delete("tracks/path").status_code == 204
    assert Caller(author).delete("tracks/path").status_code == 404
    assert len(Caller().get("tutorials").json()["results"]) == 2
