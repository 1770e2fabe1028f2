"""Tutorials for programs: the list, one of them, and writing them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import AccessGrant
from tests.accounts.test_users_api import key_of
from tests.factories import BODY, make_grant, make_topic, make_tutorial
from tests.tutorials.callers import Caller, faults, refusal, words
from tests.tutorials.learners import make_quiz_tutorial, make_track
from tutorials.models import Tutorial
from tutorials.services import writing

pytestmark = pytest.mark.django_db

LISTED = {"slug", "title", "summary", "topic", "tags", "difficulty", "access", "minutes", "published_at"}
DETAIL = LISTED | {"author", "body_html", "blocks", "has_quiz", "may_read"}
FOR_WRITERS = {"status", "body", "pass_mark", "approved_at", "updated_at"}
OPEN, CLOSED = "tutorials/prompting-that-works", "tutorials/agents-and-tools"


@pytest.fixture
def draft() -> dict[str, Any]:
    make_topic("Foundations")
    return {
        "title": "A new one",
        "slug": "a-new-one",
        "summary": "Why read it.",
        "body": BODY,
        "topic": "foundations",
        "tags": ["prompting"],
        "difficulty": "beginner",
    }


# The list


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
                "tags": [],
                "difficulty": "beginner",
                "access": "free",
                "minutes": 1,
                "published_at": "2026-09-01T00:00:00Z",
            }
        ],
    }


def test_the_cursor_leads_to_the_rest_and_back(visitor: Client) -> None:
    for number in range(5):
        make_tutorial(f"T{number}")
    first = visitor.get("/api/tutorials?page_size=2").json()
    second = visitor.get(first["next"]).json()
    assert [result["slug"] for result in first["results"] + second["results"]] == ["t4", "t3", "t2", "t1"]
    assert first["previous"] is None
    assert visitor.get(second["previous"]).json()["results"] == first["results"]


def test_a_search_brings_excerpts(tutorial: Tutorial) -> None:
    (found,) = Caller().get("tutorials?q=secret").json()["results"]
    assert found.keys() == LISTED | {"excerpt"}
    assert "<mark>secret</mark>" in found["excerpt"]


def test_no_excerpt_shows_what_is_closed(learner: User, premium_tutorial: Tutorial) -> None:
    make_tutorial("Agents for free", body="A secret, too.")
    found = Caller(learner).get("tutorials?q=agents").json()["results"]
    assert {result["slug"] for result in found} == {"agents-and-tools", "agents-for-free"}
    assert "middle" not in str(found)


def test_the_list_can_be_narrowed_to_a_tag(tutorial: Tutorial) -> None:
    make_tutorial("Tagged", tags=["evaluation"])
    assert [found["slug"] for found in Caller().get("tutorials?tag=evaluation").json()["results"]] == ["tagged"]


def test_a_wrong_parameter_is_named() -> None:
    assert faults(Caller().get("tutorials?difficulty=easy")) == {("difficulty", "invalid_choice")}
    assert {field for field, _ in faults(Caller().get("tutorials?cursor=x"))} == {"cursor"}
    assert {field for field, _ in faults(Caller().get("tutorials?page_size=101"))} == {"page_size"}


def test_the_list_takes_two_queries_and_one_tutorial_one(
    visitor: Client, tutorial: Tutorial, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        make_tutorial(f"T{number}", topic=make_topic(f"Topic {number}"))
    with django_assert_max_num_queries(2):
        assert len(visitor.get("/api/tutorials").json()["results"]) == 7
    with django_assert_max_num_queries(2):
        assert visitor.get(f"/api/{OPEN}").status_code == 200


# One tutorial


def test_a_tutorial_comes_whole(visitor: Client, tutorial: Tutorial) -> None:
    answer = visitor.get(f"/api/{OPEN}").json()
    assert answer.keys() == DETAIL
    assert "The secret middle." in answer["body_html"]
    assert answer["blocks"][0] == {"id": "first-steps", "text": "First steps", "level": 2}
    assert answer["has_quiz"] is False
    assert answer["may_read"] == {"allowed": True, "until": None, "why": "free"}


def test_both_reads_say_the_same(visitor: Client) -> None:
    make_quiz_tutorial("Prompting that works", tags=["prompting", "evaluation"], access="premium")
    listed = visitor.get("/api/tutorials").json()["results"][0]
    detail = visitor.get(f"/api/{OPEN}").json()
    assert {name: detail[name] for name in LISTED} == listed
    assert detail["has_quiz"] is True


@pytest.mark.parametrize("who", ["visitor", "learner", "stranger"])
def test_premium_gives_its_opening_only(who: str, learner: User, stranger: User, premium_tutorial: Tutorial) -> None:
    if who == "stranger":
        make_grant(learner)
    caller = Caller({"visitor": None, "learner": learner, "stranger": stranger}[who])
    answer = caller.get(CLOSED)
    assert answer.json()["body_html"] == "<p>The opening.</p>\n"
    assert answer.json()["may_read"] == {"allowed": False, "until": None, "why": "premium_required"}
    assert "secret" not in answer.content.decode()


def test_those_with_a_grant_get_premium_whole_and_no_cache_keeps_it(learner: User, premium_tutorial: Tutorial) -> None:
    make_grant(learner)
    answer = Caller(learner).get(CLOSED)
    assert "The secret middle." in answer.json()["body_html"]
    assert answer.json()["may_read"] == {"allowed": True, "until": None, "why": "complimentary"}
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_staff_get_premium_whole(moderator: User, premium_tutorial: Tutorial) -> None:
    answer = Caller(moderator).get(CLOSED).json()
    assert "The secret middle." in answer["body_html"]
    assert answer["may_read"]["why"] == "staff"


def test_only_those_who_may_write_see_the_text_and_its_state(
    author: User, moderator: User, learner: User, tutorial: Tutorial
) -> None:
    assert Caller(author).get(OPEN).json().keys() == DETAIL | FOR_WRITERS
    for reader in (moderator, learner, None):
        assert Caller(reader).get(OPEN).json().keys() == DETAIL


def test_the_answers_of_a_quiz_are_in_no_reader_s_detail(learner: User) -> None:
    make_quiz_tutorial("Asked")
    answer = Caller(learner).get("tutorials/asked").content.decode()
    assert "embedding" not in answer
    assert "Models read" not in answer


# What was read before


@pytest.mark.parametrize("who", ["visitor", "learner", "author"])
def test_what_was_read_before_is_not_sent_again(who: str, learner: User, author: User, tutorial: Tutorial) -> None:
    caller = Caller({"visitor": None, "learner": learner, "author": author}[who])
    first = caller.get(OPEN)
    for named in (first["ETag"], f'"other", W/{first["ETag"]}', "*"):
        again = caller.get(OPEN, if_none_match=named)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert {"Authorization", "Cookie"} <= set(again["Vary"].split(", "))
        assert "no-store" in again["Cache-Control"]
    assert caller.get(OPEN, if_none_match='"other"').status_code == 200
    writing.change_tutorial(by=author, tutorial=tutorial, changes={"title": "Better"})
    changed = caller.get(OPEN, if_none_match=first["ETag"])
    assert (changed.status_code, changed.json()["title"]) == (200, "Better")


def test_one_person_s_tag_is_nothing_to_another(learner: User, author: User, premium_tutorial: Tutorial) -> None:
    make_grant(learner)
    tags = [Caller(who).get(CLOSED)["ETag"] for who in (None, learner, author)]
    assert len(set(tags)) == 3
    assert Caller().get(CLOSED, if_none_match=tags[1]).status_code == 200
    AccessGrant.objects.all().delete()
    closed = Caller(learner).get(CLOSED, if_none_match=tags[1])
    assert (closed.status_code, "secret" in closed.content.decode()) == (200, False)


def test_a_change_names_what_it_was_made_of(author: User, tutorial: Tutorial) -> None:
    caller = Caller(author)
    read = caller.get(OPEN)["ETag"]
    written = caller.patch(OPEN, {"title": "Better"}, if_match=read)
    assert written.status_code == 200
    assert written["ETag"] == caller.get(OPEN)["ETag"] != read
    for stale in (read, '"other"', "nonsense", ""):
        refused = caller.patch(OPEN, {"title": "Worse"}, if_match=stale)
        assert refusal(refused) == (412, "precondition_failed")
        assert refused.json()["detail"].startswith("Somebody has changed this tutorial since you opened it.")
    assert Tutorial.objects.get().title == "Better"
    for good in (written["ETag"], "*", f'"other", {caller.get(OPEN)["ETag"]}'):
        assert caller.patch(OPEN, {"title": "Better"}, if_match=good).status_code == 200
    assert refusal(Caller().patch(OPEN, {}, if_match="*")) == (401, "not_authenticated")


def test_what_is_not_out_is_not_there(learner: User, author: User) -> None:
    make_tutorial("Draft", status="draft")
    for slug in ("draft", "nothing"):
        for caller in (Caller(), Caller(learner)):
            assert refusal(caller.get(f"tutorials/{slug}")) == (404, "not_found")
        for path in ("progress", "quiz", "quiz/attempts", "bookmark", "versions", "versions/1", "review/notes"):
            assert refusal(Caller().get(f"tutorials/{slug}/{path}")) == (401, "not_authenticated")
            assert refusal(Caller(learner).get(f"tutorials/{slug}/{path}")) == (404, "not_found")
    assert Caller(author).get("tutorials/draft").json()["status"] == "draft"


def test_a_trailing_slash_or_format_is_another_address(visitor: Client, tutorial: Tutorial) -> None:
    assert visitor.get("/api/tutorials.json").status_code == 404
    assert visitor.get(f"/api/{OPEN}/").status_code == 404


# Writing


def test_an_author_begins_a_draft(author: User, draft: dict[str, Any]) -> None:
    made = Caller(author).post("tutorials", draft)
    assert made.status_code == 201
    assert made["Location"] == "http://testserver/api/tutorials/a-new-one"
    body = made.json()
    assert {name: body[name] for name in draft} == draft
    assert (body["status"], body["published_at"], body["author"]) == ("draft", None, "Ada Author")
    assert Caller(author).client.get(made["Location"]).json() == body
    assert Caller().get("tutorials/a-new-one").status_code == 404


def test_visitors_and_learners_do_not_write(
    learner: User, moderator: User, tutorial: Tutorial, draft: dict[str, Any]
) -> None:
    for method, path in (("post", "tutorials"), ("patch", OPEN), ("delete", OPEN)):
        assert refusal(Caller().send(method, path, draft)) == (401, "not_authenticated")
        for reader in (learner, moderator):
            answer = Caller(reader).send(method, path, draft)
            assert refusal(answer) == (403, "permission_denied")
            assert answer.json()["detail"] == "Only authors and staff may write tutorials."
    assert Tutorial.objects.count() == 1


def test_a_learner_does_not_learn_whether_a_draft_is_there(learner: User) -> None:
    make_tutorial("Draft", status="draft")
    for slug in ("draft", "nothing"):
        assert refusal(Caller(learner).patch(f"tutorials/{slug}", {"title": "Mine"})) == (404, "not_found")


def test_a_change_is_seen_at_once(author: User, tutorial: Tutorial) -> None:
    answer = Caller(author).patch(OPEN, {"title": "Better", "body": "Anew.\n\n## First steps\n\nDone.\n"})
    assert answer.status_code == 200
    assert answer.json()["title"] == "Better"
    assert "Anew." in Caller().get(OPEN).json()["body_html"]


def test_the_same_change_twice_is_one_version(author: User, tutorial: Tutorial) -> None:
    for _ in range(2):
        assert Caller(author).patch(OPEN, {"title": "Better"}).status_code == 200
    assert len(Caller(author).get(f"{OPEN}/versions").json()["results"]) == 2


def test_a_new_tutorial_needs_its_fields(author: User) -> None:
    missing = {("title", "required"), ("slug", "required"), ("summary", "required"), ("body", "required")}
    assert faults(Caller(author).post("tutorials")) == missing | {("topic", "required"), ("difficulty", "required")}


def test_a_slug_that_is_taken_is_a_fault_of_the_slug(author: User, tutorial: Tutorial, draft: dict[str, Any]) -> None:
    said = {"slug": "There is already a tutorial with this slug."}
    assert words(Caller(author).post("tutorials", draft | {"slug": tutorial.slug})) == said
    make_tutorial("Other")
    assert words(Caller(author).patch("tutorials/other", {"slug": tutorial.slug})) == said
    assert Tutorial.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("topic", "nowhere", "There is no such topic."),
        ("topic", "a\0b", "Null characters are not allowed."),
        ("topic", {"slug": "x"}, "Not a valid string."),
        ("title", 7, "Not a valid string."),
        ("title", "", "This field cannot be blank."),
        ("difficulty", "easy", "Choose beginner, intermediate or advanced."),
        ("access", ["free"], "Choose free or premium."),
        ("tags", ["One", "two words"], None),
        ("tags", ["twice", "twice"], "Name each tag once."),
        ("pass_mark", "80", "A valid integer is required."),
        ("pass_mark", True, "A valid integer is required."),
        ("body", "```quiz\n? What\n```\n", None),
        ("slug", "no slug", None),
        ("status", "published", "This cannot be changed here."),
        ("published_at", "2026-01-01T00:00:00Z", "This cannot be changed here."),
        ("author", 1, "This cannot be changed here."),
    ],
)
def test_a_wrong_value_is_a_fault_of_its_field(
    author: User, draft: dict[str, Any], field: str, value: object, said: str | None
) -> None:
    answer = words(Caller(author).post("tutorials", draft | {field: value}))
    assert {name.partition(".")[0] for name in answer} == {field}
    if said:
        assert set(answer.values()) == {said}
    assert not Tutorial.objects.exists()


def test_what_is_no_object_is_refused(author: User, tutorial: Tutorial) -> None:
    assert faults(Caller(author).patch(OPEN, ["title"])) == {("non_field_errors", "invalid")}
    assert refusal(Caller(author).patch(OPEN, "{")) == (400, "parse_error")


def test_a_draft_can_be_deleted_and_what_was_published_cannot(
    author: User, tutorial: Tutorial, draft: dict[str, Any]
) -> None:
    Caller(author).post("tutorials", draft)
    assert Caller(author).delete("tutorials/a-new-one").status_code == 204
    assert Caller(author).delete("tutorials/a-new-one").status_code == 404
    assert words(Caller(author).delete(OPEN)) == {
        "non_field_errors": "This tutorial was published, so people may look for it. Archive it instead."
    }


def test_a_step_of_a_track_is_not_deleted(author: User) -> None:
    make_track(make_tutorial("Draft", status="draft", published_at=None), title="The path")
    assert "The path" in words(Caller(author).delete("tutorials/draft"))["non_field_errors"]


def test_a_key_needs_the_scope(author: User, tutorial: Tutorial, draft: dict[str, Any]) -> None:
    reads, writes, other = (key_of(author, scope) for scope in ("tutorials:read", "tutorials:write", "account:write"))
    assert reads.get(f"/api/{OPEN}").json()["status"] == "published"
    assert refusal(reads.post("/api/tutorials", draft)) == (403, "missing_scope")
    assert refusal(other.get("/api/tutorials")) == (403, "missing_scope")
    assert writes.post("/api/tutorials", draft).status_code == 201


def test_topics_say_how_much_there_is_to_read(tutorial: Tutorial) -> None:
    make_topic("Empty")
    make_tutorial("Draft", status="draft", topic=make_topic("Hidden"))
    assert Caller().get("topics").json() == {
        "next": None,
        "previous": None,
        "results": [{"slug": "foundations", "name": "Foundations", "description": "", "tutorial_count": 1}],
    }
