"""Achievements and finished tracks: earned once and only once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db.models import ProtectedError

from accounts.models import User
from tests.at_once import at_once
from tests.factories import make_tutorial, make_user
from tests.tutorials.learners import (
    PICTURE,
    answers_to,
    finish,
    make_achievement,
    make_quiz_tutorial,
    make_track,
    record,
)
from tutorials import metrics
from tutorials.models import Achievement, Award, TrackCompletion, Tutorial
from tutorials.services import awarding
from tutorials.services.achievements import save_achievement
from tutorials.services.quizzes import answer_quiz

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def codes(user: User) -> set[str]:
    return set(Award.objects.filter(user=user).values_list("achievement__code", flat=True))


def test_a_threshold_is_reached_with_the_last_one_only(learner: User, stranger: User) -> None:
    make_achievement("tutorials_finished", 2, code="two")
    first, second = make_tutorial(), make_tutorial()
    finish(learner, first, first)
    finish(stranger, second)
    assert codes(learner) == set()
    step = record(learner, second, fraction=1)
    assert [award.achievement.code for award in step.awards] == ["two"]
    assert codes(stranger) == set()


def test_what_is_earned_is_earned_once(learner: User, tutorial: Tutorial) -> None:
    make_achievement("tutorials_finished")
    finish(learner, tutorial)
    earned_at = Award.objects.get().earned_at
    assert awarding.award(user=learner) == []
    assert Award.objects.get().earned_at == earned_at


def test_each_rule_counts_what_it_says(learner: User) -> None:
    # Those of the community have tests of their own (tests/community/test_counters.py).
    rules = {code for code, metric in metrics.registered.items() if metric.values.__module__ == "tutorials.counts"}
    for rule in rules:
        make_achievement(rule, code=rule)
    tutorial = make_quiz_tutorial()
    make_track(tutorial)
    record(learner, tutorial, seconds=61)
    User.objects.filter(pk=learner.pk).update(date_joined=datetime.now(UTC) - timedelta(days=1, hours=1))
    awarding.award(user=learner)
    assert codes(learner) == {"streak_days", "minutes_learned", "days_as_member"}
    finish(learner, tutorial)
    assert codes(learner) == {
        "streak_days",
        "minutes_learned",
        "days_as_member",
        "tutorials_finished",
        "tracks_finished",
    }
    answer_quiz(user=learner, tutorial=tutorial, answers=answers_to(tutorial))
    assert codes(learner) == rules


def test_a_longer_streak_than_todays_counts(learner: User) -> None:
    make_achievement("streak_days", 2, code="row")
    for day in (0, 1, 5):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            finish(learner, make_tutorial())
    assert codes(learner) == {"row"}


def test_what_is_switched_off_is_not_given_and_not_taken(learner: User, tutorial: Tutorial) -> None:
    achievement = make_achievement("tutorials_finished", is_active=False)
    finish(learner, tutorial)
    assert awarding.award_to_all(achievement=achievement) == 0
    Award.objects.create(user=learner, achievement=achievement)
    with pytest.raises(ProtectedError):
        achievement.delete()


@pytest.mark.usefixtures("db")
def test_a_new_rule_rewards_what_was_done_before(
    admin: User, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    people = [make_user() for _ in range(3)]
    tutorial = make_tutorial()
    for person in people[:2]:
        finish(person, tutorial)
    achievement = Achievement(
        code="first", title="First", description="Read.", picture=PICTURE, rule="tutorials_finished", threshold=1
    )
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        save_achievement(by=admin, achievement=achievement)
    assert set(Award.objects.values_list("user", flat=True)) == {person.pk for person in people[:2]}
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        save_achievement(by=admin, achievement=achievement)
    assert Award.objects.count() == 2


def test_only_staff_with_the_right_make_achievements(learner: User, moderator: User) -> None:
    achievement = Achievement(code="x", title="X", description="X", picture=PICTURE, rule="streak_days", threshold=1)
    for person in (learner, moderator):
        with pytest.raises(PermissionDenied):
            save_achievement(by=person, achievement=achievement)
    assert not Achievement.objects.exists()


@pytest.mark.parametrize(
    "picture",
    [
        "",
        "no picture",
        "<svg></svg>",
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        PICTURE.replace("<circle", "<script>alert(1)</script><circle"),
        PICTURE.replace("<circle", '<circle onclick="alert(1)"'),
        PICTURE.replace("<circle", '<image href="https://elsewhere.example/x.png"/><circle'),
        PICTURE.replace("<circle", '<circle fill="url(https://elsewhere.example/#x)"'),
        PICTURE.replace("<circle", "<style>*{}</style><circle"),
        PICTURE.replace("<circle", '<circle style="x:y"'),
        PICTURE.replace("<circle", '<a xmlns="http://www.w3.org/1999/xhtml">x</a><circle'),
        "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + PICTURE,
        PICTURE.replace("<svg ", '<?xml-stylesheet href="x"?><svg '),
    ],
)
def test_a_picture_is_made_of_shapes_alone(admin: User, picture: str) -> None:
    achievement = Achievement(code="x", title="X", description="X", picture=picture, rule="streak_days", threshold=1)
    with pytest.raises(ValidationError) as refused:
        save_achievement(by=admin, achievement=achievement)
    assert list(refused.value.message_dict) == ["picture"]


def test_bad_rules_and_thresholds_are_refused_at_their_fields(admin: User) -> None:
    for field, value in [("rule", "nothing"), ("threshold", 0), ("code", "not a slug")]:
        good = {"code": "x", "rule": "streak_days", "threshold": 1}
        achievement = Achievement(title="X", description="X", picture=PICTURE, **good | {field: value})
        with pytest.raises(ValidationError) as refused:
            save_achievement(by=admin, achievement=achievement)
        assert "threshold" in str(refused.value) or field in refused.value.message_dict


@pytest.mark.django_db(transaction=True)
def test_at_once_only_one_is_given_and_only_one_page_tells(learner: User, tutorial: Tutorial) -> None:
    make_achievement("tutorials_finished")
    finish(learner, tutorial)
    Award.objects.all().delete()
    at_once(partial(awarding.award, user=learner), times=4)
    told = [each for news in at_once(partial(awarding.announce, user=learner), times=4) for each in news.awards]
    assert Award.objects.count() == 1
    assert len(told) == 1


def test_a_track_is_finished_with_its_last_tutorial(learner: User) -> None:
    first, second, draft = make_tutorial(), make_tutorial(), make_tutorial(status="draft")
    track = make_track(first, second, draft)
    finish(learner, first)
    assert not TrackCompletion.objects.exists()
    step = record(learner, second, fraction=1)
    assert [each.track for each in step.certificates] == [track]
    assert TrackCompletion.objects.get().user == learner


def test_a_track_that_wants_its_quizzes_waits_for_them(learner: User) -> None:
    plain, quizzed = make_tutorial(), make_quiz_tutorial()
    track = make_track(plain, quizzed, quizzes_required=True)
    finish(learner, plain, quizzed)
    assert not TrackCompletion.objects.exists()
    answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed, right=False))
    assert not TrackCompletion.objects.exists()
    result = answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed))
    assert [each.track for each in result.certificates] == [track]


def test_a_track_stays_finished_when_it_grows(learner: User, tutorial: Tutorial) -> None:
    track = make_track(tutorial)
    finish(learner, tutorial)
    track.steps.create(tutorial=make_tutorial(), position=9)
    call_command("award_achievements", stdout=StringIO())
    assert TrackCompletion.objects.filter(user=learner, track=track).exists()


def test_the_nightly_command_gives_what_time_and_staff_have_changed(learner: User, stranger: User) -> None:
    make_achievement("days_as_member", 30, code="month")
    make_achievement("tracks_finished", code="track")
    first, second = make_tutorial(), make_tutorial()
    track = make_track(first, second)
    finish(learner, first)
    track.steps.filter(tutorial=second).delete()
    User.objects.filter(pk=stranger.pk).update(date_joined=datetime.now(UTC) - timedelta(days=30, minutes=1))
    out = StringIO()
    call_command("award_achievements", stdout=out)
    assert codes(learner) == {"track"}
    assert codes(stranger) == {"month"}
    assert out.getvalue() == "1 finished tracks noted, 0 certificates of earlier ones, 2 achievements given.\n"
    call_command("award_achievements", stdout=out)
    assert Award.objects.count() == 2


def test_a_day_counts_when_it_is_over(learner: User) -> None:
    make_achievement("days_as_member", 7, code="week")
    for hours, earned in ((7 * 24 - 1, set()), (7 * 24 + 1, {"week"})):
        User.objects.filter(pk=learner.pk).update(date_joined=datetime.now(UTC) - timedelta(hours=hours))
        awarding.award(user=learner)
        assert codes(learner) == earned
