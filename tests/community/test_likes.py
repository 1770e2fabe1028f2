"""Liking posts and comments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, connections, transaction

from accounts.models import User
from community.models import Comment, Like, Post, Standing, State
from community.services import counting, likes, states
from community.services.likes import Liking
from tests.at_once import at_once
from tests.community.members import make_post
from tests.factories import make_user

AT_ONCE = 24


def test_a_like_counts_once_however_often_it_is_said(post: Post, learner: User, stranger: User) -> None:
    assert likes.like(user=stranger, text=post) == Liking(likes=1, liked=True)
    assert likes.like(user=stranger, text=post) == Liking(likes=1, liked=True)
    assert Standing.objects.get(user=learner).likes_received == 1
    assert likes.unlike(user=stranger, text=post) == Liking(likes=0, liked=False)
    assert likes.unlike(user=stranger, text=post) == Liking(likes=0, liked=False)
    assert Standing.objects.get(user=learner).likes_received == 0


def test_comments_are_liked_too(answer: Comment, learner: User) -> None:
    assert likes.like(user=learner, text=answer) == Liking(likes=1, liked=True)
    answer.refresh_from_db()
    assert answer.likes_count == 1


def test_nobody_likes_what_they_wrote(post: Post, learner: User) -> None:
    with pytest.raises(PermissionDenied, match="wrote yourself"):
        likes.like(user=learner, text=post)


@pytest.mark.parametrize("state", [State.HIDDEN, State.DELETED, State.HELD])
def test_nobody_likes_what_cannot_be_read(post: Post, answer: Comment, moderator: User, state: State) -> None:
    states.set_state(post, state)
    for text in (post, answer):
        with pytest.raises(ValidationError, match="not there to be liked"):
            likes.like(user=moderator, text=text)
    assert not Like.objects.exists()


def test_what_a_former_member_wrote_can_be_liked(post: Post, stranger: User) -> None:
    Post.objects.filter(pk=post.pk).update(author=None)
    assert likes.like(user=stranger, text=Post.objects.get(pk=post.pk)) == Liking(likes=1, liked=True)


def test_the_database_holds_one_target_and_one_like_a_person(post: Post, answer: Comment, learner: User) -> None:
    with pytest.raises(IntegrityError, match="like_of_one_text"), transaction.atomic():
        Like.objects.create(user=learner, post=post, comment=answer)
    with pytest.raises(IntegrityError, match="like_of_one_text"), transaction.atomic():
        Like.objects.create(user=learner)
    Like.objects.create(user=learner, comment=answer)
    with pytest.raises(IntegrityError, match="like_comment_once"), transaction.atomic():
        Like.objects.create(user=learner, comment=answer)


def test_what_somebody_wrote_who_has_no_standing_yet_can_be_liked(post: Post, learner: User, stranger: User) -> None:
    Standing.objects.all().delete()
    assert likes.like(user=stranger, text=post) == Liking(likes=1, liked=True)
    assert Standing.objects.get(user=learner).likes_received == 1


def test_a_text_that_cannot_be_read_any_more_is_not_liked_again_either(post: Post, stranger: User) -> None:
    likes.like(user=stranger, text=post)
    states.set_state(post, State.HIDDEN)
    with pytest.raises(ValidationError, match="not there to be liked"):
        likes.like(user=stranger, text=post)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_like(learner: User) -> None:
    post, fan = make_post(author=learner), make_user()
    assert at_once(partial(likes.like, user=fan, text=post)) == [Liking(likes=1, liked=True)] * 2
    assert Like.objects.count() == 1
    assert list(counting.find_drift()) == []


@pytest.mark.django_db(transaction=True)
def test_likes_at_once_are_all_counted() -> None:
    post = make_post()
    people = [make_user() for _ in range(AT_ONCE)]

    def press(user: User) -> None:
        try:
            # Each twice, as by somebody impatient.
            for _ in range(2):
                with transaction.atomic(), connection.cursor() as cursor:
                    # Whether all are counted must not depend on how long a busy machine has them wait for each other.
                    cursor.execute("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")
                    likes.like(user=user, text=Post.objects.get(pk=post.pk))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(press, people))
    post.refresh_from_db()
    assert post.likes_count == Like.objects.filter(post=post).count() == AT_ONCE
    assert post.author is not None
    assert Standing.objects.get(user=post.author).likes_received == AT_ONCE
