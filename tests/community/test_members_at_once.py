"""Members who write, like, accept, delete and leave at the same moment, each with a connection of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import erasure
from community.models import Comment, Draft, Kind, Level, Like, Notification, Post, PostType, Revision, Watch
from community.services import (
    answers,
    counting,
    drafts,
    following,
    likes,
    moderating,
    notifying,
    reading,
    states,
    telling,
    writing,
)
from tests.at_once import alone, at_once, messages, overtaken, wait_until_somebody_waits
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post(learner: User) -> Post:
    return make_post(author=learner)


def no_drift() -> bool:
    return list(counting.find_drift()) == []


def leave(person: User) -> None:
    User.objects.filter(pk=person.pk).update(erase_after=timezone.now() - timedelta(days=1))
    assert erasure.erase_if_due(person.pk)


def test_of_two_drafts_begun_at_once_one_is_the_last_that_may_be(learner: User) -> None:
    Draft.objects.bulk_create(Draft(user=learner, place=f"reply-{number}") for number in range(drafts.MOST - 1))
    first, second = (
        partial(drafts.save_draft, user=learner, place=f"comment-{number}", values={"body": "I guess"})
        for number in (1, 2)
    )
    assert messages(overtaken(first, second)) == [drafts.TOO_MANY]
    assert Draft.objects.count() == drafts.MOST


def follow_all_but_one(person: User) -> None:
    """Of the things that may be followed."""
    Watch.objects.bulk_create(
        Watch(user=person, level=Level.WATCHING, tag=f"tag-{number}") for number in range(following.MOST - 1)
    )


def test_of_two_things_followed_at_once_one_is_the_last_that_may_be(learner: User) -> None:
    follow_all_but_one(learner)
    first, second = (
        partial(following.put_watch, user=learner, level=Level.WATCHING, tag=tag) for tag in ("prompts", "agents")
    )
    assert messages(overtaken(first, second)) == [following.TOO_MANY]
    assert Watch.objects.count() == following.MOST


def test_the_last_thing_that_may_be_followed_is_followed_twice_at_once(learner: User) -> None:
    follow_all_but_one(learner)
    first, second = (
        partial(following.put_watch, user=learner, level=level, tag="prompts")
        for level in (Level.WATCHING, Level.MUTED)
    )
    assert overtaken(first, second).level == Level.MUTED
    assert Watch.objects.count() == following.MOST


@pytest.mark.parametrize("is_kept", [False, True])
def test_what_is_saved_of_a_text_while_it_is_published_is_no_draft(learner: User, is_kept: bool) -> None:
    save = partial(drafts.save_draft, user=learner, place="post", values={"body": "I guess"}, page="this page")
    if is_kept:
        save()
    assert overtaken(partial(drafts.end_draft, user=learner, place="post", page="this page"), save) is None
    assert not Draft.objects.exists()


def test_nothing_is_said_to_a_post_that_goes_at_that_moment(post: Post, learner: User) -> None:
    late = overtaken(partial(writing.delete_text, by=learner, text=post), partial(make_comment, post))
    assert messages(late) == [writing.NOT_READABLE]
    assert not Comment.objects.exists()
    assert no_drift()


def test_a_post_that_is_moved_at_that_moment_takes_what_is_said_to_it(
    post: Post, moderator: User, stranger: User
) -> None:
    elsewhere = make_category("Elsewhere")
    move = partial(moderating.move, by=moderator, post=post, category=elsewhere, reason="It belongs there.")
    assert isinstance(overtaken(move, partial(make_comment, post, author=stranger)), Comment)
    assert Post.objects.get().category == elsewhere
    assert no_drift()


def test_a_post_that_is_moved_at_that_moment_is_told_of(post: Post, moderator: User, stranger: User) -> None:
    elsewhere = make_category("Elsewhere")
    following.put_watch(user=stranger, level=Level.WATCHING, category=elsewhere)
    Post.objects.update(announced_at=None)
    move = partial(moderating.move, by=moderator, post=post, category=elsewhere, reason="It belongs there.")
    assert overtaken(move, partial(telling.tell_of_post, post.pk)) == 1


def test_an_answer_that_goes_at_that_moment_is_not_accepted(post: Post, learner: User, stranger: User) -> None:
    answer = make_comment(post, author=stranger)
    late = overtaken(
        partial(writing.delete_text, by=stranger, text=answer),
        partial(answers.accept_answer, by=learner, post=post, comment=answer),
    )
    assert messages(late) == [answers.NOT_READABLE]
    assert no_drift()


def test_an_answer_that_is_accepted_at_that_moment_goes_all_the_same(post: Post, learner: User, stranger: User) -> None:
    answer = make_comment(post, author=stranger)
    overtaken(
        partial(answers.accept_answer, by=learner, post=post, comment=answer),
        partial(writing.delete_text, by=stranger, text=answer),
    )
    assert Post.objects.get().accepted_answer is None
    assert no_drift()


def test_two_answers_accepted_at_once_are_one_in_the_end(
    post: Post, learner: User, stranger: User, moderator: User
) -> None:
    one, two = make_comment(post, author=stranger), make_comment(post, author=make_user())
    overtaken(
        partial(answers.accept_answer, by=learner, post=post, comment=one),
        partial(answers.accept_answer, by=moderator, post=post, comment=two),
    )
    assert Post.objects.get().accepted_answer == two
    assert no_drift()


def test_who_accepts_another_answer_holds_no_thread_while_they_wait(post: Post, learner: User, stranger: User) -> None:
    """Its author is writing there at that moment, and whoever writes wants the post last."""
    seen_before = Post.objects.get(pk=post.pk)
    first, second = make_comment(post, author=stranger), make_comment(post, author=make_user())
    answers.accept_answer(by=learner, post=post, comment=first)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            states.lock_standings([stranger])
            accepting = partial(answers.accept_answer, by=learner, post=seen_before, comment=second)
            outcome = pool.submit(alone, accepting)
            wait_until_somebody_waits()
            states.lock_post(post.pk)
        outcome.result(timeout=20)
    assert Post.objects.get().accepted_answer == second
    assert no_drift()


def test_a_like_given_and_taken_back_at_once_leaves_the_count_right(post: Post, stranger: User) -> None:
    overtaken(partial(likes.like, user=stranger, text=post), partial(likes.unlike, user=stranger, text=post))
    assert not Like.objects.exists()
    assert no_drift()


def test_two_edits_at_once_are_two_revisions(post: Post, learner: User) -> None:
    before = post.body
    overtaken(
        partial(writing.edit_post, by=learner, post=post, changes={"body": "The first."}),
        partial(writing.edit_post, by=learner, post=post, changes={"body": "The second."}),
    )
    assert list(Revision.objects.values_list("body", flat=True)) == [before, "The first."]
    assert Post.objects.get().body == "The second."


def test_a_type_that_was_changed_meanwhile_is_changed_back(post: Post, learner: User) -> None:
    kind = post.type
    seen = Post.objects.get(pk=post.pk)
    writing.edit_post(by=learner, post=post, changes={"type": PostType.SHOW_AND_TELL})
    writing.edit_post(by=learner, post=seen, changes={"type": kind})
    assert Post.objects.get().type == kind


def test_what_ceases_to_be_a_question_at_that_moment_gets_no_answer(post: Post, learner: User, stranger: User) -> None:
    answer = make_comment(post, author=stranger)
    edit = partial(writing.edit_post, by=learner, post=post, changes={"type": PostType.DISCUSSION})
    accept = partial(answers.accept_answer, by=learner, post=Post.objects.get(pk=post.pk), comment=answer)
    assert messages(overtaken(edit, accept)) == [answers.NO_QUESTION]
    assert no_drift()


def test_deleted_twice_at_once_it_is_deleted_once(post: Post, learner: User) -> None:
    outcomes = at_once(partial(writing.delete_text, by=learner, text=post))
    assert sorted(outcomes) == [False, True]
    assert no_drift()


def test_who_likes_what_one_wrote_who_leaves_at_that_moment_likes_it_all_the_same(
    post: Post, learner: User, stranger: User
) -> None:
    overtaken(partial(leave, learner), partial(likes.like, user=stranger, text=Post.objects.get(pk=post.pk)))
    assert Post.objects.get().author is None
    assert Post.objects.get().likes_count == Like.objects.count() == 1
    assert no_drift()


def test_nobody_leaves_while_somebody_likes_what_they_wrote_but_thereafter(
    post: Post, learner: User, stranger: User
) -> None:
    User.objects.filter(pk=learner.pk).update(erase_after=timezone.now() - timedelta(days=1))
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        likes.like(user=stranger, text=post)
        passed_over = pool.submit(alone, partial(erasure.erase_if_due, learner.pk)).result(timeout=20)
    assert passed_over is False
    assert erasure.erase_if_due(learner.pk)
    assert Post.objects.get().likes_count == Like.objects.count() == 1
    assert no_drift()


@pytest.mark.parametrize("order", ["leaves first", "writes first"])
def test_somebody_answers_one_who_leaves_at_that_moment(post: Post, learner: User, order: str) -> None:
    going, writes = partial(leave, learner), partial(make_comment, post, author=make_user())
    overtaken(*((going, writes) if order == "leaves first" else (writes, going)))
    assert Post.objects.get().author is None
    assert Post.objects.get().comments_count == Comment.objects.count() == 1
    assert no_drift()


@pytest.mark.parametrize("order", ["leaves first", "likes first"])
def test_a_like_beside_those_of_one_who_leaves(post: Post, stranger: User, order: str) -> None:
    going_person = make_user()
    likes.like(user=going_person, text=post)
    going, liking = partial(leave, going_person), partial(likes.like, user=stranger, text=post)
    overtaken(*((going, liking) if order == "leaves first" else (liking, going)))
    assert Post.objects.get().likes_count == Like.objects.count() == 1
    assert no_drift()


def test_a_notification_unread_again_when_the_same_comes_at_that_moment(learner: User, stranger: User) -> None:
    post = make_post(author=learner)
    tell = partial(notifying.notify, user=learner, kind=Kind.COMMENT, actor=stranger, post=post)
    tell()
    read = Notification.objects.get()
    reading.mark_read(user=learner, notification=read)
    overtaken(tell, partial(reading.mark_unread, user=learner, notification=read))
    assert Notification.objects.of(learner).unread().count() == 1
