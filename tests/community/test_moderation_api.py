"""Moderation at the API: states are nouns, which PUT makes and DELETE ends, with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from community.models import Case, Post, StaffAction, State
from community.models.moderation import NO_REASON
from community.services import moderating, reporting, states, writing
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user
from tests.tutorials.callers import Caller

WHY = {"reason": "Against the rules."}


@pytest.fixture
def post(learner: User) -> Post:
    return make_post(author=learner)


@pytest.fixture
def program(moderator: User) -> Caller:
    return Caller(moderator)


def reported(text: Any) -> Case:
    reporting.report(by=make_user(), text=text, reason="It is spam.")
    return Case.objects.open().of(text).get()


def in_a_day() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def calls(post: Post, person: User) -> list[tuple[str, str, dict[str, Any]]]:
    """Everything that only moderators may: method, path, body."""
    comment, case = make_comment(post), reported(post)
    return [
        ("put", f"moderation/cases/{case.pk}/decision", WHY | {"decision": "dismissed"}),
        ("put", f"posts/{post.pk}/lock", WHY),
        ("delete", f"posts/{post.pk}/lock", WHY),
        ("put", f"posts/{post.pk}/pin", WHY | {"where": "everywhere"}),
        ("delete", f"posts/{post.pk}/pin", WHY),
        ("put", f"posts/{post.pk}/hidden", WHY),
        ("delete", f"posts/{post.pk}/hidden", WHY),
        ("put", f"posts/{post.pk}/category", WHY | {"category": make_category("Elsewhere").slug}),
        ("put", f"comments/{comment.pk}/hidden", WHY),
        ("delete", f"comments/{comment.pk}/hidden", WHY),
        ("put", f"users/{person.pk}/silence", WHY | {"until": in_a_day()}),
        ("delete", f"users/{person.pk}/silence", WHY),
        ("put", f"users/{person.pk}/ban", WHY),
        ("delete", f"users/{person.pk}/ban", WHY),
    ]


def test_only_moderators_get_in(post: Post, stranger: User, author: User) -> None:
    for method, path, body in [*calls(post, make_user()), ("get", "moderation/cases", {})]:
        assert Caller().send(method, path, body).status_code == 401, path
        for user in (stranger, author):
            answer = Caller(user).send(method, path, body)
            assert (answer.status_code, answer.json()["detail"]) == (403, moderating.NOT_A_MODERATOR), path
    assert not StaffAction.objects.exists()


def test_each_is_done_and_may_be_said_again(program: Caller, post: Post) -> None:
    person = make_user()
    for method, path, body in calls(post, person):
        first = program.send(method, path, body)
        assert first.status_code == 200, first.content
        count = StaffAction.objects.count()
        again = program.send(method, path, body)
        assert again.status_code == 200, again.content
        # A silence from now on for a day is a little later each time.
        assert again.json() == first.json(), path
        assert StaffAction.objects.count() == count, path
    assert StaffAction.objects.count() == 14


def test_each_needs_a_reason(program: Caller, post: Post) -> None:
    for method, path, body in calls(post, make_user()):
        answer = program.send(method, path, body | {"reason": "  "})
        assert answer.status_code == 400, path
        assert answer.json()["errors"] == [{"field": "reason", "code": "required", "detail": NO_REASON}], path
        left_out = program.send(method, path, {name: value for name, value in body.items() if name != "reason"})
        assert left_out.status_code == 400, path


def test_the_queue_tells_what_moderators_need(program: Caller, post: Post, learner: User, moderator: User) -> None:
    moderating.silence(
        by=moderator, person=learner, until=timezone.now() + timedelta(days=1), reason="Against the rules."
    )
    comment = make_comment(post)
    reported(post)
    case = reported(comment)
    answer = program.get("moderation/cases").json()
    assert (answer["next"], answer["previous"]) == (None, None)
    first, second = answer["results"]
    assert (first["post"], first["comment"], first["title"]) == (post.pk, None, post.title)
    assert first["author"]["id"] == learner.pk
    assert first["standing"] == {"trust_level": 0, "posts": 1, "comments": 0, "hidden": 0, "actions": 1}
    assert (second["id"], second["comment"], second["kind"]) == (case.pk, comment.pk, "reported")
    assert [report["reason"] for report in second["reports"]] == ["It is spam."]


def test_the_queue_is_paged(program: Caller) -> None:
    for _ in range(3):
        reported(make_post())
    first = program.get("moderation/cases?page_size=2").json()
    second = program.get(first["next"].partition("/api/")[2]).json()
    assert len(first["results"]) == 2
    assert [row["id"] for row in second["results"]] == [Case.objects.latest("id").pk]
    assert second["next"] is None


def test_the_second_to_decide_is_told(program: Caller, post: Post, admin: User) -> None:
    path = f"moderation/cases/{reported(post).pk}/decision"
    assert Caller(admin).put(path, WHY | {"decision": "hidden", "sanction": "hour"}).json()["decision"] == "hidden"
    answer = program.put(path, WHY | {"decision": "dismissed"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "Alex Admin has decided this already: hidden."


def test_a_program_says_which_version_it_has_read(program: Caller, post: Post, learner: User) -> None:
    path = f"moderation/cases/{reported(post).pk}/decision"
    read = program.get("moderation/cases").json()["results"][0]["version"]
    writing.edit_post(by=learner, post=post, changes={"body": "Buy my course instead."})
    answer = program.put(path, WHY | {"decision": "dismissed", "version": read})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "changed_since"
    for method, state in (("put", State.PUBLISHED), ("delete", State.HIDDEN)):
        states.set_state(post, state)
        refused = program.send(method, f"posts/{post.pk}/hidden", WHY | {"version": read})
        assert refused.json()["errors"][0]["code"] == "changed_since"
    states.set_state(post, State.PUBLISHED)
    read = program.get("moderation/cases").json()["results"][0]["version"]
    assert program.put(path, WHY | {"decision": "dismissed", "version": read}).json()["decision"] == "dismissed"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("posts/{post}/pin", {"where": "moon"}, moderating.CHOOSE_PIN),
        ("posts/{post}/category", {"category": "nowhere"}, "Choose one of the categories."),
        ("users/{person}/silence", {"until": "soon"}, "Write a time such as 2026-12-24T18:00:00Z."),
        ("users/{person}/silence", {"until": "2020-01-01T00:00:00Z"}, moderating.CHOOSE_LATER),
        ("moderation/cases/{case}/decision", {"decision": "burned"}, moderating.CHOOSE_DECISION),
    ],
)
def test_what_is_wrong_is_said_in_words(
    program: Caller, post: Post, path: str, body: dict[str, Any], words: str
) -> None:
    there = path.format(post=post.pk, person=post.author_id, case=reported(post).pk)
    answer = program.put(there, WHY | body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == words


def test_what_is_not_there_is_not_found(program: Caller) -> None:
    for path in ("posts/999/lock", "comments/999/hidden", "users/999/ban", "moderation/cases/999/decision"):
        assert program.put(path, WHY | {"decision": "hidden"}).status_code == 404, path


def test_people_with_more_rights_are_out_of_reach(program: Caller, admin: User, moderator: User) -> None:
    for person, words in ((admin, moderating.HAS_MORE_RIGHTS), (moderator, moderating.YOURSELF)):
        answer = program.put(f"users/{person.pk}/ban", WHY)
        assert (answer.status_code, answer.json()["detail"]) == (403, words)
