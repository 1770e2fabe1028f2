"""Ways around a rule: by another order of steps, by edits, by accounts that help each other."""

from __future__ import annotations

import random

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from accounts.models.sessions import Door
from accounts.visits import Visit
from common.limits import Limited
from community.models import Case, Category, Comment, Decision, Like, Post, Standing, State
from community.services import answers, counting, likes, moderating, reporting, states, writing
from tests.accounts.test_erasure import erase_later
from tests.community.members import make_comment, make_post
from tests.factories import make_user

WHY = "Against the rules."
VISIT = Visit(door=Door.PAGE)


def test_what_its_author_has_deleted_stays_deleted_whatever_moderators_do(
    post: Post, learner: User, stranger: User, moderator: User
) -> None:
    reporting.report(by=stranger, text=post, reason="It is spam.")
    writing.delete_text(by=learner, text=post)
    case = moderating.decide(by=moderator, case=Case.objects.get(), decision="hidden", reason=WHY, visit=VISIT)
    assert (case.is_open, case.decision) == (False, Decision.HIDDEN)
    moderating.hide(by=moderator, text=post, reason=WHY)
    with pytest.raises(ValidationError, match="Its author has deleted this"):
        moderating.show(by=moderator, text=post, reason=WHY)
    post.refresh_from_db()
    assert post.state == State.DELETED


def test_nobody_earns_trust_by_accepting_their_own_answers(post: Post, learner: User) -> None:
    own = make_comment(post, author=learner)
    answers.accept_answer(by=learner, post=post, comment=own)
    post.refresh_from_db()
    assert post.accepted_answer == own
    assert Standing.objects.get(user=learner).accepted_count == 0
    assert list(counting.find_drift()) == []
    answers.take_back_acceptance(by=learner, post=post)
    assert Standing.objects.get(user=learner).accepted_count == 0
    answers.accept_answer(by=learner, post=post, comment=own)
    states.set_state(own, State.HIDDEN)
    assert Standing.objects.get(user=learner).accepted_count == 0


def test_nothing_is_accepted_in_what_was_taken_away(post: Post, answer: Comment, learner: User) -> None:
    states.set_state(post, State.HIDDEN)
    with pytest.raises(ValidationError, match="not there to be read"):
        answers.accept_answer(by=learner, post=post, comment=answer)
    assert Post.objects.get(pk=post.pk).accepted_answer is None


def test_the_likes_of_an_erased_account_are_counted_no_more(
    post: Post, answer: Comment, learner: User, stranger: User, django_capture_on_commit_callbacks: object
) -> None:
    leaving = make_user(email="leaving@howtoai.example")
    for text in (post, answer):
        likes.like(user=leaving, text=text)
    erase_later(leaving)
    assert not Like.objects.exists()
    assert list(counting.find_drift()) == []
    assert Standing.objects.get(user=learner).likes_received == 0


def test_an_edit_says_nothing_that_was_hidden_lately(post: Post, learner: User, stranger: User) -> None:
    spam = make_post(author=stranger, body="Buy cheap tokens at our honest shop, today only!")
    states.set_state(spam, State.HIDDEN)
    said_again = "Buy cheap  tokens at our honest shop, today ONLY!"
    edited = writing.edit_post(by=learner, post=post, changes={"body": said_again})
    assert edited.state == State.HELD
    assert Case.objects.get().cause == "Says the same as a text that was hidden lately"
    assert Post.objects.get(pk=post.pk).state == State.HELD


def test_edits_have_a_rate(post: Post, learner: User) -> None:
    for number in range(60):
        writing.edit_post(by=learner, post=post, changes={"body": f"Version {number} of it."})
    with pytest.raises(Limited):
        writing.edit_post(by=learner, post=post, changes={"body": "One more."})
    assert post.revisions.count() == 60


def test_several_accounts_of_one_network_do_not_say_the_same(category: Category) -> None:
    said = "Buy cheap tokens at our honest shop, today only!"
    for _ in range(3):
        make_post(category=category, body=said, address="203.0.113.5")
    make_post(category=category, body=said, address="203.0.113.6")
    make_post(category=category, address="203.0.113.5")
    with pytest.raises(Limited):
        make_post(category=category, body=f" {said.upper()}\n", address="203.0.113.5")


def test_nobody_bothers_others_with_likes_given_and_taken_back(post: Post, stranger: User) -> None:
    for _ in range(200):
        likes.like(user=stranger, text=post)
        likes.unlike(user=stranger, text=post)
    with pytest.raises(Limited):
        likes.like(user=stranger, text=post)
    assert not Like.objects.exists()
    assert list(counting.find_drift()) == []


def test_a_page_of_edits_ends_before_it_takes_long(post: Post, learner: User) -> None:
    chance = random.Random(5)
    for _ in range(6):
        body = "\n".join(chance.choice("ab") for _ in range(9_999))
        writing.edit_post(by=learner, post=post, changes={"body": body})
    page = Client().get(f"/community/posts/{post.pk}/history/")
    assert len(page.content) < 3_000_000
    assert "Earlier edits are kept" in page.content.decode()


def test_an_answer_is_no_number_without_an_end(post: Post, learner: User) -> None:
    client = Client()
    client.force_login(learner)
    for named in ("9" * 5_000, "9" * 40, "²", "-1"):
        answer = client.post(f"/community/posts/{post.pk}/accepted-answer/", {"comment": named})
        assert answer.status_code == 404
