"""Trust levels are earned by behaviour, and lost by it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from community.models import Post, Standing, TrustLevel
from community.services import likes, moderating, trust
from tests.community.members import make_post
from tests.factories import make_user


def stand(user: User, *, days: int = 100, **fields: Any) -> None:
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=days))
    Standing.objects.update_or_create(user=user, defaults=fields)


def level_of(user: User) -> int:
    return Standing.objects.get(pk=user.pk).trust_level


@pytest.mark.parametrize(
    ("done", "level"),
    [
        ({"posts_count": 1, "comments_count": 1}, TrustLevel.NEWCOMER),
        ({"posts_count": 1, "comments_count": 2}, TrustLevel.MEMBER),
        ({"posts_count": 1, "comments_count": 2, "days": 0}, TrustLevel.NEWCOMER),
        ({"comments_count": 20, "likes_received": 10}, TrustLevel.REGULAR),
        ({"comments_count": 20, "likes_received": 9}, TrustLevel.MEMBER),
        ({"comments_count": 100, "likes_received": 50, "accepted_count": 5}, TrustLevel.TRUSTED),
        ({"comments_count": 100, "likes_received": 50, "accepted_count": 5, "days": 59}, TrustLevel.REGULAR),
    ],
)
def test_a_level_is_earned_by_all_that_it_needs(learner: User, done: dict[str, Any], level: TrustLevel) -> None:
    stand(learner, **done)
    trust.promote(learner.pk)
    assert level_of(learner) == level


def test_who_has_written_three_texts_rises_by_the_last(learner: User, django_capture_on_commit_callbacks: Any) -> None:
    stand(learner)
    for _ in range(2):
        make_post(author=learner)
    assert level_of(learner) == TrustLevel.NEWCOMER
    with django_capture_on_commit_callbacks(execute=True):
        make_post(author=learner)
    assert level_of(learner) == TrustLevel.MEMBER


def test_who_is_liked_for_the_tenth_time_rises_by_it(learner: User, django_capture_on_commit_callbacks: Any) -> None:
    stand(learner, comments_count=20, likes_received=9, trust_level=TrustLevel.MEMBER)
    with django_capture_on_commit_callbacks(execute=True):
        likes.like(user=make_user(), text=make_post(author=learner))
    assert level_of(learner) == TrustLevel.REGULAR


def test_whose_text_is_hidden_falls_and_rises_when_it_is_forgotten(
    learner: User, moderator: User, django_capture_on_commit_callbacks: Any
) -> None:
    stand(learner, comments_count=4, trust_level=TrustLevel.MEMBER)
    post = make_post(author=learner)
    with django_capture_on_commit_callbacks(execute=True):
        moderating.hide(by=moderator, text=post, reason="Advertising.")
    assert level_of(learner) == TrustLevel.NEWCOMER
    with django_capture_on_commit_callbacks(execute=True):
        moderating.show(by=moderator, text=post, reason="A mistake.")
    assert level_of(learner) == TrustLevel.MEMBER


def test_a_level_that_staff_have_fixed_stays(learner: User) -> None:
    stand(learner, posts_count=5, level_is_fixed=True)
    assert not trust.promote(learner.pk)
    assert level_of(learner) == TrustLevel.NEWCOMER


def test_the_nightly_command_brings_everybody_up_to_date(learner: User, stranger: User) -> None:
    stand(learner, posts_count=5)
    stand(stranger, posts_count=1, trust_level=TrustLevel.MEMBER)
    out = StringIO()
    call_command("raise_trust", stdout=out)
    assert out.getvalue() == "2 trust levels changed.\n"
    assert (level_of(learner), level_of(stranger)) == (TrustLevel.MEMBER, TrustLevel.NEWCOMER)
    assert not trust.promote_all()
    assert not Post.objects.exists()
