"""Accepting an answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import User
from community.models import Comment, Post, Standing, State
from community.services import answers, states
from tests.community.members import make_comment, make_post
from tests.tutorials.learners import make_achievement
from tutorials.models import Award


def test_who_asked_accepts_an_answer_and_another_in_its_place(
    post: Post, answer: Comment, learner: User, stranger: User, moderator: User
) -> None:
    answers.accept_answer(by=learner, post=post, comment=answer)
    answers.accept_answer(by=learner, post=post, comment=answer)
    assert Standing.objects.get(user=stranger).accepted_count == 1
    better = make_comment(post, author=moderator)
    answers.accept_answer(by=learner, post=post, comment=better)
    post.refresh_from_db()
    assert post.accepted_answer == better
    assert Standing.objects.get(user=stranger).accepted_count == 0
    assert Standing.objects.get(user=moderator).accepted_count == 1


def test_acceptance_is_taken_back(post: Post, answer: Comment, learner: User, stranger: User) -> None:
    answers.accept_answer(by=learner, post=post, comment=answer)
    for _ in range(2):
        answers.take_back_acceptance(by=learner, post=post)
    post.refresh_from_db()
    assert post.accepted_answer is None
    assert Standing.objects.get(user=stranger).accepted_count == 0


def test_only_who_asked_and_moderators_accept(post: Post, answer: Comment, stranger: User, moderator: User) -> None:
    with pytest.raises(PermissionDenied, match="Only who asked"):
        answers.accept_answer(by=stranger, post=post, comment=answer)
    answers.accept_answer(by=moderator, post=post, comment=answer)
    assert Post.objects.get(pk=post.pk).accepted_answer == answer


def test_a_discussion_has_no_answer(learner: User) -> None:
    talk = make_post(author=learner, type="discussion")
    with pytest.raises(ValidationError, match="Only a question"):
        answers.accept_answer(by=learner, post=talk, comment=make_comment(talk))


def test_what_cannot_be_an_answer_is_refused(post: Post, answer: Comment, learner: User) -> None:
    reply = make_comment(post, parent=answer)
    elsewhere = make_comment(make_post())
    hidden = make_comment(post)
    states.set_state(hidden, State.HIDDEN)
    for comment, words in (
        (reply, answers.NO_ANSWER),
        (elsewhere, answers.NOT_HERE),
        (hidden, answers.NOT_READABLE),
    ):
        with pytest.raises(ValidationError) as error:
            answers.accept_answer(by=learner, post=post, comment=comment)
        assert error.value.message_dict == {"comment": [words]}


def test_an_answer_that_is_hidden_is_accepted_no_more(post: Post, answer: Comment, learner: User) -> None:
    answers.accept_answer(by=learner, post=post, comment=answer)
    states.set_state(answer, State.HIDDEN)
    post.refresh_from_db()
    assert post.accepted_answer is None
    states.set_state(answer, State.PUBLISHED)
    post.refresh_from_db()
    assert (post.accepted_answer, post.comments_count) == (None, 1)


def test_what_was_earned_is_given_by_a_worker(
    post: Post, answer: Comment, learner: User, stranger: User, django_capture_on_commit_callbacks: Any
) -> None:
    make_achievement("answers_accepted", title="It helped")
    with django_capture_on_commit_callbacks(execute=True):
        answers.accept_answer(by=learner, post=post, comment=answer)
    assert Award.objects.get().user == stranger
