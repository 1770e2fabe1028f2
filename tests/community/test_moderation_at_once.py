"""Moderators, reporters and authors who do the same at the same moment, each with a connection of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.sessions import Door
from accounts.services import erasure
from accounts.visits import Visit
from community.models import Case, Post, Report, StaffAction, Standing, State, TrustLevel
from community.services import likes, moderating, reporting, states, trust
from tests.at_once import alone, at_once, messages, overtaken, wait_until_somebody_waits
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "Against the rules."


def case_of(post: Post) -> Case:
    reporting.report(by=make_user(), text=post, reason="It is spam.")
    return Case.objects.get()


def test_of_two_moderators_the_second_hears_what_was_decided(moderator: User, admin: User) -> None:
    post = make_post()
    decide = partial(moderating.decide, case=case_of(post), reason=WHY, visit=Visit(door=Door.PAGE))
    second = overtaken(
        partial(decide, by=moderator, decision="hidden"), partial(decide, by=admin, decision="dismissed")
    )
    assert messages(second) == ["Mo Moderator has decided this already: hidden."]
    assert Post.objects.get().state == State.HIDDEN
    assert StaffAction.objects.count() == 1


def test_of_two_who_undo_one_does(moderator: User) -> None:
    action = moderating.hide(by=moderator, text=make_post(), reason=WHY)
    assert action is not None
    outcomes = at_once(partial(moderating.undo, by=moderator, action=action, reason=WHY, visit=Visit(door=Door.PAGE)))
    assert sorted(isinstance(outcome, ValidationError) for outcome in outcomes) == [False, True]
    assert Post.objects.get().state == State.PUBLISHED


def test_two_reports_at_once_are_one_case() -> None:
    post, one, two = make_post(), make_user(), make_user()
    report = partial(reporting.report, text=post, reason="It is spam.")
    overtaken(partial(report, by=one), partial(report, by=two))
    assert Case.objects.get().reports_count == 2
    assert Report.objects.count() == 2


def test_the_third_report_hides_it_whoever_comes_first() -> None:
    post = make_post()
    reporters = [make_user() for _ in range(4)]
    Standing.objects.bulk_create(Standing(user=each, trust_level=TrustLevel.MEMBER) for each in reporters)
    report = partial(reporting.report, text=post, reason="It is spam.")
    for each in reporters[:2]:
        report(by=each)
    overtaken(partial(report, by=reporters[2]), partial(report, by=reporters[3]))
    assert Post.objects.get().state == State.HELD
    assert Case.objects.get().reports_count == 4


def test_one_of_two_equal_posts_sent_at_once_is_published(learner: User) -> None:
    category = make_category()
    outcomes = at_once(partial(make_post, author=learner, category=category, body="The model answers with a quote."))
    assert sorted(isinstance(outcome, ValidationError) for outcome in outcomes) == [False, True]
    assert Post.objects.count() == 1
    assert Standing.objects.get(user=learner).posts_count == 1


def test_who_is_silenced_while_they_write_writes_no_more(learner: User, moderator: User) -> None:
    post = make_post()

    def write() -> Any:
        try:
            return make_comment(post, author=learner)
        except PermissionDenied as refusal:
            return refusal

    until = timezone.now() + timedelta(hours=1)
    refused = overtaken(partial(moderating.silence, by=moderator, person=learner, until=until, reason=WHY), write)
    assert "You may not write here until" in str(refused)


def test_hiding_and_writing_in_the_same_thread_wait_for_each_other(learner: User, moderator: User) -> None:
    post = make_post(author=learner)
    comment = make_comment(post, author=learner)
    overtaken(
        partial(moderating.hide, by=moderator, text=comment, reason=WHY),
        partial(make_comment, post, author=learner),
    )
    assert Post.objects.get().comments_count == 1


def test_a_level_is_raised_once(learner: User) -> None:
    User.objects.filter(pk=learner.pk).update(date_joined=timezone.now() - timedelta(days=2))
    Standing.objects.create(user=learner, posts_count=3)
    assert sorted(at_once(partial(trust.promote, learner.pk))) == [False, True]


def test_who_is_banned_while_somebody_likes_what_they_wrote_is_banned(moderator: User, stranger: User) -> None:
    """Whoever likes it has made sure that its author is there, and waits for what the moderator holds."""
    author = make_user()
    post = make_post(author=author)
    case = case_of(post)
    decide = partial(moderating.decide, case=case, decision="hidden", reason=WHY, visit=Visit(door=Door.PAGE))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            states.lock(post)
            outcome = pool.submit(alone, partial(likes.like, user=stranger, text=post))
            wait_until_somebody_waits()
            decide(by=moderator, sanction="ban")
        assert messages(outcome.result(timeout=20)) == [likes.NOT_THERE]
    assert not User.objects.get(pk=author.pk).is_active


@pytest.mark.parametrize("order", ["moved", "taken back"])
def test_what_is_moved_as_its_author_is_erased_is_moved(moderator: User, order: str) -> None:
    author, elsewhere = make_user(), make_category("Elsewhere")
    post = make_post(author=author)
    deed: Any = partial(moderating.move, by=moderator, post=post, category=elsewhere, reason=WHY)
    if order == "taken back":
        action = deed()
        deed = partial(moderating.undo, by=moderator, action=action, reason=WHY, visit=Visit(door=Door.PAGE))
    User.objects.filter(pk=author.pk).update(erase_after=timezone.now() - timedelta(days=1))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            person = User.objects.select_for_update().get(pk=author.pk)
            outcome = pool.submit(alone, deed)
            wait_until_somebody_waits()
            erasure.erase(person)
        assert isinstance(outcome.result(timeout=20), StaffAction)
    assert (Post.objects.get().category == elsewhere) == (order == "moved")
