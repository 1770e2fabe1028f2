"""`/api/posts` and what hangs on them: the names that others rely on, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from community.models import Category, Comment, Post, State
from community.services import states, writing
from tests.community.members import make_comment, make_post
from tests.factories import make_grant
from tests.tutorials.callers import Caller, faults, refusal, words
from tutorials.models import Tutorial


def body(**changes: Any) -> dict[str, Any]:
    return {
        "title": "How do I begin?",
        "body": "Say *where*.",
        "category": "prompting",
        "tags": ["first-steps"],
        "type": "question",
    } | changes


def test_a_member_posts(learner: User, category: Category) -> None:
    answer = Caller(learner).post("posts", body())
    assert answer.status_code == 201
    post = answer.json()
    assert answer["Location"].endswith(f"/api/posts/{post['id']}")
    assert post["title"] == "How do I begin?"
    assert post["body_html"] == "<p>Say <em>where</em>.</p>\n"
    assert post["author"] == {"id": learner.pk, "handle": learner.profile.handle, "name": "Lea Learner"}
    assert (post["likes"], post["comments"], post["liked"]) == (0, 0, False)
    assert post["body"] == "Say *where*."
    assert Caller(learner).get(f"posts/{post['id']}").json() == post


def test_a_post_may_be_about_a_place_in_a_tutorial(learner: User, category: Category, tutorial: Tutorial) -> None:
    block = tutorial.blocks[0]["id"]
    post = Caller(learner).post("posts", body(tutorial=tutorial.slug, block=block)).json()
    assert (post["tutorial"], post["block"]) == (tutorial.slug, block)
    assert words(Caller(learner).post("posts", body(tutorial="no-such"))) == {"tutorial": "There is no such tutorial."}


def test_visitors_read_and_do_not_write(post: Post, answer: Comment, category: Category) -> None:
    visitor = Caller()
    shown = visitor.get(f"posts/{post.pk}").json()
    assert (shown["liked"], "body" in shown) == (False, False)
    assert visitor.get(f"posts/{post.pk}/comments").json()["results"][0]["id"] == answer.pk
    for refused in (
        visitor.post("posts", body()),
        visitor.post(f"posts/{post.pk}/comments", {"body": "Me too."}),
        visitor.put(f"posts/{post.pk}/like"),
        visitor.put(f"posts/{post.pk}/accepted-answer", {"comment": answer.pk}),
        visitor.delete(f"posts/{post.pk}"),
        visitor.patch(f"comments/{answer.pk}", {"body": "Mine."}),
        visitor.get("drafts"),
    ):
        assert refused.status_code == 401, refused.content


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"title": ""}, ("title", "blank")),
        ({"title": 7}, ("title", "invalid")),
        ({"body": ""}, ("body", "required")),
        ({"body": None}, ("body", "null")),
        ({"body": "x" * 20_001}, ("body", "max_length")),
        ({"category": "nowhere"}, ("category", "invalid_choice")),
        ({"type": "advert"}, ("type", "invalid_choice")),
        ({"tags": "prompting"}, ("tags", "not_a_list")),
        ({"tags": ["Two words"]}, ("tags", "item_invalid")),
        ({"pinned": "everywhere"}, ("pinned", "not_changeable")),
    ],
)
def test_bad_input_is_told_by_field_and_nothing_is_written(
    learner: User, category: Category, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert fault in faults(Caller(learner).post("posts", body(**changes)))
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("author", 1),
        ("author_id", 1),
        ("state", "published"),
        ("score", 10**6),
        ("likes", 10**6),
        ("pinned", "everywhere"),
        ("locked_at", "2026-01-01T00:00:00Z"),
        ("body_html", "<script>alert(1)</script>"),
        ("created_at", "2020-01-01T00:00:00Z"),
        ("accepted_answer", 1),
    ],
)
def test_what_is_for_us_to_say_is_refused(
    learner: User, post: Post, category: Category, field: str, value: Any
) -> None:
    """At every way in, and nothing is written or changed."""
    count, before = Post.objects.count(), Post.objects.filter(pk=post.pk).values().get()
    writer = Caller(post.author)
    for refused in (
        Caller(learner).post("posts", body(**{field: value})),
        writer.patch(f"posts/{post.pk}", {field: value}),
        writer.post(f"posts/{post.pk}/comments", {"body": "Me too.", field: value}),
    ):
        assert field in words(refused)
    assert Post.objects.count() == count
    assert Post.objects.filter(pk=post.pk).values().get() == before
    assert not post.comments.filter(body="Me too.").exists()


def test_likes_are_a_state(post: Post, answer: Comment, stranger: User, moderator: User) -> None:
    caller = Caller(moderator)
    for path in (f"posts/{post.pk}/like", f"comments/{answer.pk}/like"):
        for _ in range(2):
            liked = caller.put(path)
            assert (liked.status_code, liked.json()) == (200, {"likes": 1, "liked": True})
        for _ in range(2):
            assert caller.delete(path).json() == {"likes": 0, "liked": False}
    assert refusal(Caller(stranger).put(f"comments/{answer.pk}/like")) == (403, "permission_denied")


def test_a_like_takes_few_statements(post: Post, stranger: User, django_assert_num_queries: Any) -> None:
    """Who asks, what for, whether they may write, the like, its two counts; and a savepoint, here around them."""
    caller = Caller(stranger)
    caller.get(f"posts/{post.pk}")
    with django_assert_num_queries(6 + 2):
        caller.put(f"posts/{post.pk}/like")


def test_a_hidden_post_is_liked_by_nobody(post: Post, answer: Comment, stranger: User) -> None:
    states.set_state(post, State.HIDDEN)
    assert faults(Caller(stranger).put(f"posts/{post.pk}/like")) == {("non_field_errors", "not_published")}
    assert Caller(stranger).get(f"posts/{post.pk}").json()["body_html"] == ""


def test_comments_are_written_read_changed_and_taken_back(post: Post, stranger: User) -> None:
    caller = Caller(stranger)
    made = caller.post(f"posts/{post.pk}/comments", {"body": "Ask for **one** sentence."})
    assert made.status_code == 201
    comment = made.json()
    assert comment["body_html"] == "<p>Ask for <strong>one</strong> sentence.</p>\n"
    reply = caller.post(f"posts/{post.pk}/comments", {"body": "Or two.", "parent": comment["id"]}).json()
    assert reply["parent"] == comment["id"]
    listed = Caller().get(f"posts/{post.pk}/comments").json()["results"]
    assert [each["id"] for each in listed] == [comment["id"], reply["id"]]
    assert listed[0] == comment
    changed = caller.patch(f"comments/{comment['id']}", {"body": "Ask for three."}).json()
    assert changed["body_html"] == "<p>Ask for three.</p>\n"
    kept = caller.get(f"comments/{comment['id']}/revisions").json()["results"]
    assert [each["body"] for each in kept] == ["Ask for **one** sentence."]
    assert caller.delete(f"comments/{reply['id']}").status_code == 204
    assert caller.get(f"comments/{reply['id']}").status_code == 404


@pytest.mark.parametrize("fields", [{}, {"body": ""}, {"body": "Yes.", "parent": 0}, {"body": "Yes.", "parent": "x"}])
def test_a_bad_comment_is_refused(post: Post, stranger: User, fields: dict[str, Any]) -> None:
    assert Caller(stranger).post(f"posts/{post.pk}/comments", fields).status_code == 400
    assert not Comment.objects.exists()


def test_a_reply_to_another_thread_and_a_locked_thread_are_refused(post: Post, answer: Comment, stranger: User) -> None:
    elsewhere = make_post()
    refused = Caller(stranger).post(f"posts/{elsewhere.pk}/comments", {"body": "Hm.", "parent": answer.pk})
    assert words(refused) == {"parent": writing.OTHER_THREAD}
    Post.objects.filter(pk=post.pk).update(locked_at=post.created_at)
    assert words(Caller(stranger).post(f"posts/{post.pk}/comments", {"body": "Hm."})) == {
        "non_field_errors": writing.LOCKED
    }


def test_another_s_post_is_not_edited(post: Post, stranger: User) -> None:
    for refused in (
        Caller(stranger).patch(f"posts/{post.pk}", {"body": "Mine."}),
        Caller(stranger).delete(f"posts/{post.pk}"),
    ):
        assert refusal(refused) == (403, "permission_denied")
        assert refused.json()["detail"] == writing.NOT_YOURS


def test_ones_own_post_is_edited_in_part_and_its_past_is_kept(post: Post, learner: User) -> None:
    changed = Caller(learner).patch(f"posts/{post.pk}", {"tags": ["length"]}).json()
    assert (changed["tags"], changed["title"]) == (["length"], post.title)
    kept = Caller(learner).get(f"posts/{post.pk}/revisions").json()["results"]
    assert [each["tags"] for each in kept] == [[]]


def test_answers_are_accepted_and_not(post: Post, answer: Comment, learner: User, stranger: User) -> None:
    path = f"posts/{post.pk}/accepted-answer"
    caller = Caller(learner)
    assert caller.put(path, {"comment": answer.pk}).json() == {"comment": answer.pk}
    assert caller.get(f"posts/{post.pk}").json()["solved"] is True
    assert caller.get(f"posts/{post.pk}/comments").json()["results"][0]["accepted"] is True
    assert refusal(Caller(stranger).put(path, {"comment": answer.pk})) == (403, "permission_denied")
    assert caller.delete(path).json() == {"comment": None}
    assert faults(caller.put(path, {"comment": 0})) == {("comment", "not_found")}
    assert faults(caller.put(path, {})) == {("comment", "required")}


def test_a_space_is_not_there_for_who_may_not_see_it(space: Category, learner: User, moderator: User) -> None:
    post = make_post(author=moderator, category=space)
    comment = make_comment(post, author=moderator)
    for path in (f"posts/{post.pk}", f"posts/{post.pk}/comments", f"comments/{comment.pk}"):
        assert Caller().get(path).status_code == 404
        assert Caller(learner).get(path).status_code == 404
        assert Caller(moderator).get(path).status_code == 200
    for refused in (
        Caller(learner).put(f"posts/{post.pk}/like"),
        Caller(learner).put(f"comments/{comment.pk}/like"),
        Caller(learner).post(f"posts/{post.pk}/comments", {"body": "Let me in."}),
        Caller(learner).post(f"posts/{post.pk}/reports", {"reason": "I should not know."}),
    ):
        assert refused.status_code == 404
    make_grant(learner)
    assert Caller(learner).get(f"posts/{post.pk}").status_code == 200


def test_drafts_are_kept_by_place_and_are_ones_own(learner: User, stranger: User, category: Category) -> None:
    caller = Caller(learner)
    draft = caller.put("drafts/post", {"title": "Half a", "category": "prompting"}).json()
    assert (draft["place"], draft["title"], draft["category"]) == ("post", "Half a", "prompting")
    caller.put("drafts/post", {"title": "Half a question", "body": "And then"})
    assert [each["title"] for each in caller.get("drafts").json()["results"]] == ["Half a question"]
    assert Caller(stranger).get("drafts").json()["results"] == []
    assert faults(caller.put("drafts/somewhere", {"body": "x"})) == {("place", "invalid")}
    assert caller.delete("drafts/post").status_code == 204
    assert caller.get("drafts").json()["results"] == []
