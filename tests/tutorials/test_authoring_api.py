"""Authors through the API: review, publication, archive, versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.factories import make_tutorial, make_user
from tests.tutorials.callers import Caller, faults, refusal, words
from tutorials.models import ReviewNote, Status, Tutorial, TutorialVersion

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
TEXT = "tutorials/text"
WRITES = [
    ("put", f"{TEXT}/review", None),
    ("delete", f"{TEXT}/review", None),
    ("get", f"{TEXT}/review/notes", None),
    ("post", f"{TEXT}/review/notes", {"text": "Say more."}),
    ("put", f"{TEXT}/publication", {"at": None}),
    ("delete", f"{TEXT}/publication", None),
    ("put", f"{TEXT}/archive", None),
    ("delete", f"{TEXT}/archive", None),
    ("get", f"{TEXT}/versions", None),
    ("get", f"{TEXT}/versions/1", None),
    ("put", f"{TEXT}/versions/1/restoration", None),
]


@pytest.fixture
def caller(author: User) -> Caller:
    return Caller(author)


@pytest.fixture
def draft(author: User) -> Tutorial:
    return make_tutorial("Text", status="draft", published_at=None, author=author)


@pytest.fixture
def reviewer() -> Caller:
    return Caller(make_user(role="author", name="Rex Reviewer"))


def status_of(tutorial: Tutorial) -> str:
    tutorial.refresh_from_db()
    return tutorial.status


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_readers_get_nowhere(
    learner: User, moderator: User, author: User, method: str, path: str, body: dict[str, object] | None
) -> None:
    published = make_tutorial("Text", author=author)

    def send(user: User | None) -> object:
        caller = Caller(user)
        return caller.get(path) if method == "get" else caller.send(method, path, body)

    assert refusal(send(None)) == (401, "not_authenticated")
    for reader in (learner, moderator):
        assert refusal(send(reader)) == (403, "permission_denied")
    assert status_of(published) == Status.PUBLISHED
    assert not ReviewNote.objects.exists()
    Tutorial.objects.update(status=Status.DRAFT)
    assert refusal(send(learner)) == (404, "not_found")


def test_one_who_is_no_author_any_more_reads_their_draft_and_writes_nothing(learner: User) -> None:
    make_tutorial("Text", status="draft", author=learner)
    answer = Caller(learner).get(TEXT)
    assert answer.status_code == 200
    assert "body" not in answer.json()
    assert Caller(learner).put(f"{TEXT}/publication", {"at": None}).status_code == 403


# Review


def test_a_review_is_asked_for_and_taken_back_as_often_as_one_likes(caller: Caller, draft: Tutorial) -> None:
    for _ in range(2):
        answer = caller.put(f"{TEXT}/review")
        assert (answer.status_code, answer.json()["status"]) == (200, "in_review")
    for _ in range(2):
        assert caller.delete(f"{TEXT}/review").status_code == 204
        assert status_of(draft) == Status.DRAFT


def test_what_is_published_is_not_reviewed(caller: Caller, author: User) -> None:
    published = make_tutorial("Text", author=author)
    answer = caller.put(f"{TEXT}/review")
    assert words(answer) == {"non_field_errors": "This tutorial is published already."}
    assert faults(answer) == {("non_field_errors", "wrong_status")}
    assert caller.delete(f"{TEXT}/review").status_code == 204
    assert status_of(published) == Status.PUBLISHED


def test_what_a_reviewer_says_is_listed(caller: Caller, reviewer: Caller, draft: Tutorial) -> None:
    caller.put(f"{TEXT}/review")
    comment = reviewer.post(f"{TEXT}/review/notes", {"text": "Say more."})
    assert comment.status_code == 201
    asked = reviewer.post(f"{TEXT}/review/notes", {"verdict": "changes_requested", "text": "Mend the end."}).json()
    assert status_of(draft) == Status.DRAFT
    assert comment.json() | {"id": 0, "at": ""} == {
        "id": 0,
        "at": "",
        "by": "Rex Reviewer",
        "verdict": "comment",
        "text": "Say more.",
    }
    assert caller.get(f"{TEXT}/review/notes").json()["results"] == [comment.json(), asked]


def test_a_reviewer_approves_what_they_read_and_nobody_approves_their_own(
    caller: Caller, reviewer: Caller, draft: Tutorial
) -> None:
    caller.put(f"{TEXT}/review")
    assert words(caller.post(f"{TEXT}/review/notes", {"verdict": "approved"})) == {
        "verdict": "Nobody approves their own tutorial. Ask somebody else to read it."
    }
    read_at = reviewer.get(TEXT).json()["updated_at"]
    caller.patch(TEXT, {"title": "Another text"})
    verdict = {"verdict": "approved", "read_at": read_at}
    assert words(reviewer.post(f"{TEXT}/review/notes", verdict)) == {
        "non_field_errors": "The text has changed since you opened it. Read it again."
    }
    verdict["read_at"] = reviewer.get(TEXT).json()["updated_at"]
    assert reviewer.post(f"{TEXT}/review/notes", verdict).status_code == 201
    assert caller.get(TEXT).json()["approved_at"]


@pytest.mark.parametrize(
    ("note", "fields"),
    [
        ({"verdict": "fine"}, {"verdict"}),
        ({"text": 7}, {"text"}),
        ({"text": "x" * 4001}, {"text"}),
        ({"text": ""}, {"non_field_errors"}),
        ({"text": "x", "read_at": "yesterday"}, {"read_at"}),
        ({"text": "x", "by": 1}, {"by"}),
    ],
)
def test_a_wrong_note_is_refused_at_its_field(
    caller: Caller, draft: Tutorial, note: dict[str, object], fields: set[str]
) -> None:
    assert {field for field, _ in faults(caller.post(f"{TEXT}/review/notes", note))} == fields
    assert not ReviewNote.objects.exists()


# Publication and archive


def test_publishing_twice_is_publishing_once(caller: Caller, draft: Tutorial) -> None:
    first, second = (caller.put(f"{TEXT}/publication", {"at": None}) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert Caller().get(TEXT).status_code == 200
    for _ in range(2):
        assert caller.delete(f"{TEXT}/publication").status_code == 204
        assert status_of(draft) == Status.DRAFT
    assert Caller().get(TEXT).status_code == 404


def test_a_publication_may_lie_ahead(caller: Caller, draft: Tutorial) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        at = (NOON + timedelta(days=1)).isoformat()
        answers = [caller.put(f"{TEXT}/publication", {"at": at}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json()["published_at"] == "2026-11-03T12:00:00Z"
        assert Caller().get(TEXT).status_code == 404
        later = (NOON + timedelta(days=2)).isoformat()
        assert caller.put(f"{TEXT}/publication", {"at": later}).json()["published_at"] == "2026-11-04T12:00:00Z"
        clock.move_to(NOON + timedelta(days=3))
        assert Caller().get(TEXT).status_code == 200
        # What was asked for has happened.
        assert caller.put(f"{TEXT}/publication", {"at": later}).status_code == 200
    assert TutorialVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "This field is required."),
        ({"at": "2020-01-01T00:00:00Z"}, "Choose a time in the future."),
        ({"at": "2150-01-01T00:00:00Z"}, "The date of publication must lie between 2000 and 2100."),
        ({"at": "tomorrow"}, None),
        ({"at": 7}, None),
        ({"at": "9999-12-31T23:59:59-14:00"}, None),
    ],
)
def test_a_wrong_date_is_refused_at_its_field(
    caller: Caller, draft: Tutorial, body: dict[str, object], said: str | None
) -> None:
    answer = words(caller.put(f"{TEXT}/publication", body))
    assert answer.keys() == {"at"}
    assert said is None or answer == {"at": said}
    assert status_of(draft) == Status.DRAFT


def test_what_is_out_cannot_be_put_off(caller: Caller, author: User) -> None:
    make_tutorial("Text", author=author)
    at = (timezone.now() + timedelta(days=1)).isoformat()
    assert words(caller.put(f"{TEXT}/publication", {"at": at})) == {
        "non_field_errors": "This tutorial is out already. Take it back to draft first."
    }


def test_an_archived_tutorial_is_seen_by_nobody_until_it_comes_back(caller: Caller, author: User) -> None:
    tutorial = make_tutorial("Text", author=author)
    for _ in range(2):
        assert caller.put(f"{TEXT}/archive").json()["status"] == "archived"
    assert Caller().get(TEXT).status_code == 404
    assert caller.delete(f"{TEXT}/publication").status_code == 204
    assert status_of(tutorial) == Status.ARCHIVED
    assert words(caller.put(f"{TEXT}/publication", {"at": None})) == {
        "non_field_errors": "This tutorial is archived. Bring it back to draft first."
    }
    for _ in range(2):
        assert caller.delete(f"{TEXT}/archive").status_code == 204
        assert status_of(tutorial) == Status.DRAFT


def test_to_end_an_archive_that_is_none_hides_nothing(caller: Caller, author: User) -> None:
    tutorial = make_tutorial("Text", author=author)
    assert caller.delete(f"{TEXT}/archive").status_code == 204
    assert status_of(tutorial) == Status.PUBLISHED


# Versions


def test_an_earlier_version_is_read_and_restored(caller: Caller, draft: Tutorial) -> None:
    caller.put(f"{TEXT}/publication", {"at": None})
    caller.patch(TEXT, {"title": "Newer", "tags": ["new"]})
    listed = caller.get(f"{TEXT}/versions").json()["results"]
    assert [(version["number"], version["title"], version["by"]) for version in listed] == [
        (2, "Newer", "Ada Author"),
        (1, "Text", "Ada Author"),
    ]
    first = caller.get(f"{TEXT}/versions/1").json()
    assert {name: first[name] for name in listed[1]} == listed[1]
    assert (first["body"], first["topic"], first["tags"]) == (draft.body, "foundations", [])
    for _ in range(2):
        answer = caller.put(f"{TEXT}/versions/1/restoration")
        assert (answer.status_code, answer.json()["title"], answer.json()["tags"]) == (200, "Text", [])
    assert [version["number"] for version in caller.get(f"{TEXT}/versions").json()["results"]] == [3, 2, 1]


def test_a_version_that_is_none_is_not_there(caller: Caller, draft: Tutorial) -> None:
    for number in (1, 10**30):
        assert refusal(caller.get(f"{TEXT}/versions/{number}")) == (404, "not_found")
        assert refusal(caller.put(f"{TEXT}/versions/{number}/restoration")) == (404, "not_found")


@pytest.mark.parametrize("path", ["versions", "review/notes"])
def test_more_rows_cost_no_more_queries(
    caller: Caller, draft: Tutorial, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def add(count: int) -> None:
        start = draft.versions.count()
        for number in range(start + 1, start + count + 1):
            kept = {name: getattr(draft, name) for name in TutorialVersion.KEPT}
            TutorialVersion.objects.create(tutorial=draft, number=number, by=make_user(), **kept)
            ReviewNote.objects.create(tutorial=draft, by=make_user(), text="x")

    add(1)
    with django_assert_max_num_queries(12) as few:
        caller.get(f"{TEXT}/{path}")
    add(6)
    with django_assert_max_num_queries(12) as many:
        assert len(caller.get(f"{TEXT}/{path}").json()["results"]) == 7
    assert len(many) == len(few)
