"""Posts, comments, edits and taking them back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from common.markdown import LARGEST_POST
from community.models import Category, Comment, Post, PostTag, Revision, Standing, State
from community.services import answers, states, writing
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_grant, make_tutorial, make_user
from tutorials.models import Tutorial


def faults(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return error.value.message_dict


def values(category: Category, **changes: Any) -> dict[str, Any]:
    return {"title": "How do I begin?", "type": "question", "tags": [], "body": "Say.", "category": category} | changes


# Posts


def test_a_post_is_published_at_once_with_its_text_as_html(learner: User, category: Category) -> None:
    post = writing.publish_post(author=learner, values=values(category, body="Use `top_p`.", tags=["prompting"]))
    post.refresh_from_db()
    assert post.state == State.PUBLISHED
    assert post.body_html == "<p>Use <code>top_p</code>.</p>\n"
    assert post.text == "Use top_p."
    assert list(PostTag.objects.filter(post=post).values_list("tag", flat=True)) == ["prompting"]
    assert Standing.objects.get(user=learner).posts_count == 1


def test_a_post_asks_about_a_place_in_a_tutorial(learner: User, category: Category, tutorial: Tutorial) -> None:
    block = tutorial.blocks[0]["id"]
    post = writing.publish_post(author=learner, values=values(category), tutorial=tutorial, block=block)
    assert (post.tutorial, post.block) == (tutorial, block)
    with pytest.raises(ValidationError) as error:
        writing.publish_post(author=learner, values=values(category, body="Another."), tutorial=tutorial, block="no")
    assert faults(error) == {"block": ["There is no such place in this tutorial."]}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": ""}, "title", "This field cannot be blank."),
        ({"title": "Hm?"}, "title", "Use at least 5 characters: what is it about?"),
        ({"title": "x" * 151}, "title", "Ensure this value has at most 150 characters (it has 151)."),
        ({"title": "Pay \u202etxt.exe now"}, "title", "Use letters, digits and signs on one line."),
        ({"title": "Free \u200bmoney"}, "title", "Take out the invisible character U+200B."),
        ({"body": ""}, "body", "Write something first."),
        ({"body": " \n\u200b\n "}, "body", "Write something first."),
        ({"body": "x" * (LARGEST_POST + 1)}, "body", "Use at most 20,000 characters."),
        ({"body": "null \0 character"}, "body", "Control characters are not allowed."),
        ({"body": " ".join(f"@person-{number}" for number in range(21))}, "body", "Mention at most 20 people."),
        ({"tags": ["one", "one"]}, "tags", "Name each tag once."),
        (
            {"tags": [f"tag{number}" for number in range(6)]},
            "tags",
            "List contains 6 items, it should contain no more than 5.",
        ),
        ({"tags": ["No Spaces"]}, "tags", "Tag 1: Use small letters, digits and single hyphens in a tag."),
        ({"type": "advert"}, "type", "Choose question, discussion or show and tell."),
    ],
)
def test_what_is_wrong_with_a_post_is_said_at_its_field_and_nothing_is_written(
    learner: User, category: Category, changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(ValidationError) as error:
        writing.publish_post(author=learner, values=values(category, **changes))
    assert faults(error)[field] == [words]
    assert not Post.objects.exists()


def test_html_and_script_are_shown_as_text_and_do_nothing(moderator: User, category: Category) -> None:
    evil = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> ![a](https://evil.example/a.png)"
    post = writing.publish_post(author=moderator, values=values(category, title=f"Look: {evil[:60]}", body=evil))
    assert "&lt;script&gt;alert(1)" in post.body_html
    assert "<script" not in post.body_html
    assert "<img" not in post.body_html
    assert 'href="javascript' not in post.body_html


def test_who_has_not_confirmed_the_address_cannot_write(category: Category) -> None:
    with pytest.raises(PermissionDenied, match="Confirm"):
        writing.publish_post(author=make_user(confirmed=False), values=values(category))


def test_nobody_posts_into_a_space_that_they_cannot_see(learner: User, space: Category) -> None:
    with pytest.raises(ValidationError) as error:
        writing.publish_post(author=learner, values=values(space))
    assert faults(error) == {"category": ["Choose one of the categories."]}
    make_grant(learner)
    assert writing.publish_post(author=learner, values=values(space)).is_published


def test_only_staff_begin_posts_where_that_is_so(learner: User, moderator: User) -> None:
    news = make_category("News", staff_only=True)
    with pytest.raises(ValidationError) as error:
        writing.publish_post(author=learner, values=values(news))
    assert faults(error)["category"] == [
        "Only staff begin posts in this category. You can comment on those that are there."
    ]
    assert writing.publish_post(author=moderator, values=values(news)).is_published


# Comments


def test_a_comment_counts_and_brings_its_post_up(post: Post, stranger: User) -> None:
    comment = make_comment(post, author=stranger)
    post.refresh_from_db()
    assert (post.comments_count, post.active_at) == (1, comment.created_at)
    assert Standing.objects.get(user=stranger).comments_count == 1


def test_a_reply_stands_under_the_comment_and_a_reply_to_it_beside_it(post: Post, answer: Comment) -> None:
    reply = make_comment(post, parent=answer)
    beside = make_comment(post, parent=reply)
    assert (reply.parent, beside.parent) == (answer, answer)


def test_a_reply_to_a_comment_of_another_thread_is_refused(answer: Comment, stranger: User) -> None:
    with pytest.raises(ValidationError) as error:
        make_comment(make_post(), author=stranger, parent=answer)
    assert faults(error) == {"parent": [writing.OTHER_THREAD]}
    assert Comment.objects.count() == 1


def test_nobody_adds_to_a_locked_thread_but_moderators(post: Post, stranger: User, moderator: User) -> None:
    Post.objects.filter(pk=post.pk).update(locked_at=post.created_at)
    with pytest.raises(ValidationError, match="locked"):
        make_comment(post, author=stranger)
    assert make_comment(post, author=moderator).is_published


@pytest.mark.parametrize("state", [State.HIDDEN, State.DELETED, State.HELD])
def test_nobody_answers_what_cannot_be_read(post: Post, stranger: User, state: State) -> None:
    states.set_state(post, state)
    with pytest.raises(ValidationError, match="not there to be read"):
        make_comment(post, author=stranger)


def test_nobody_replies_to_a_comment_that_is_gone(post: Post, answer: Comment, stranger: User) -> None:
    writing.delete_text(by=stranger, text=answer)
    with pytest.raises(ValidationError) as error:
        make_comment(post, parent=answer)
    assert faults(error) == {"parent": [writing.NOT_READABLE]}


@pytest.mark.django_db(transaction=True)
def test_the_database_holds_threads_of_two_levels(post: Post, answer: Comment) -> None:
    reply = make_comment(post, parent=answer)
    elsewhere = make_post()
    texts = {"body": "b", "body_html": "b", "text": "b"}
    with pytest.raises(IntegrityError, match="comment_replies_in_own_thread"), transaction.atomic():
        Comment.objects.create(post=post, parent=reply, **texts)
    with pytest.raises(IntegrityError, match="comment_replies_in_own_thread"), transaction.atomic():
        Comment.objects.create(post=elsewhere, parent=answer, **texts)
    with pytest.raises(IntegrityError, match="post_answer_in_own_thread"), transaction.atomic():
        Post.objects.filter(pk=elsewhere.pk).update(accepted_answer=answer)
    with pytest.raises(IntegrityError, match="post_answer_in_own_thread"), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(accepted_answer=reply)


# Edits


def test_an_edit_keeps_what_stood_there(post: Post, learner: User) -> None:
    before = {"title": post.title, "body": post.body}
    changes = {"title": "How do I keep them short?", "body": "They still ramble.", "tags": ["prompting"]}
    writing.edit_post(by=learner, post=post, changes=changes)
    post.refresh_from_db()
    assert (post.title, post.text, post.tags) == ("How do I keep them short?", "They still ramble.", ["prompting"])
    assert post.edited_at is not None
    kept = Revision.objects.get(post=post)
    assert {"title": kept.title, "body": kept.body} == before
    assert PostTag.objects.filter(post=post, tag="prompting").exists()


def test_the_same_again_is_no_edit(post: Post, answer: Comment, learner: User, stranger: User) -> None:
    writing.edit_post(by=learner, post=post, changes={"title": post.title, "body": post.body})
    writing.edit_comment(by=stranger, comment=answer, body=answer.body)
    assert not Revision.objects.exists()
    assert Post.objects.get(pk=post.pk).edited_at is None


def test_nobody_edits_or_deletes_what_another_wrote(
    post: Post, answer: Comment, learner: User, stranger: User, moderator: User
) -> None:
    for somebody in (stranger, moderator):
        with pytest.raises(PermissionDenied, match="Only who wrote this"):
            writing.edit_post(by=somebody, post=post, changes={"body": "Mine now."})
        with pytest.raises(PermissionDenied, match="Only who wrote this"):
            writing.delete_text(by=somebody, text=post)
    with pytest.raises(PermissionDenied, match="Only who wrote this"):
        writing.edit_comment(by=learner, comment=answer, body="Mine now.")


def test_what_is_hidden_cannot_be_edited_or_taken_back(post: Post, learner: User) -> None:
    states.set_state(post, State.HIDDEN)
    with pytest.raises(ValidationError, match="not there to be read"):
        writing.edit_post(by=learner, post=post, changes={"body": "Let me in."})
    with pytest.raises(ValidationError, match="not there to be read"):
        writing.delete_text(by=learner, text=post)


def test_a_question_with_an_accepted_answer_stays_a_question(post: Post, answer: Comment, learner: User) -> None:
    answers.accept_answer(by=learner, post=post, comment=answer)
    with pytest.raises(ValidationError, match="Only a question has an accepted answer"):
        writing.edit_post(by=learner, post=post, changes={"type": "discussion"})


# Taking back


def test_a_deleted_comment_is_counted_no_more_and_accepted_no_more(
    post: Post, answer: Comment, learner: User, stranger: User
) -> None:
    answers.accept_answer(by=learner, post=post, comment=answer)
    assert writing.delete_text(by=stranger, text=answer)
    assert not writing.delete_text(by=stranger, text=answer)
    post.refresh_from_db()
    assert (post.comments_count, post.accepted_answer, post.active_at) == (0, None, post.created_at)
    standing = Standing.objects.get(user=stranger)
    assert (standing.comments_count, standing.accepted_count) == (0, 0)


def test_a_deleted_post_with_a_thread_can_be_opened_and_one_without_is_gone(
    post: Post, answer: Comment, learner: User, stranger: User
) -> None:
    alone = make_post(author=learner)
    for text in (post, alone):
        writing.delete_text(by=learner, text=text)
    assert list(Post.objects.visible_to(stranger)) == [post]
    assert not PostTag.objects.exists()


def test_a_post_about_a_tutorial_outlives_it(post: Post) -> None:
    tutorial = make_tutorial()
    Post.objects.filter(pk=post.pk).update(tutorial=tutorial)
    tutorial.delete()
    assert Post.objects.get(pk=post.pk).tutorial is None
