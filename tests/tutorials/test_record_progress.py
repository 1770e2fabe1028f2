"""How far somebody is, and for how long they have learned."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.factories import make_grant, make_tutorial
from tests.tutorials.learners import finish, record
from tutorials.models import LearningDay, Tutorial, TutorialProgress
from tutorials.models.learning import ABSURD, MOST_AT_ONCE

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_progress_never_moves_backwards(learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, fraction=0.6)
    assert record(learner, tutorial, fraction=0.4).progress.fraction == 0.6


def test_the_place_may_move_backwards(learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, block="last-words")
    assert record(learner, tutorial, block="first-steps").progress.block == "first-steps"
    assert record(learner, tutorial).progress.block == "first-steps"
    assert record(learner, tutorial, block="").progress.block == ""


def test_the_whole_is_finished_once(learner: User, tutorial: Tutorial) -> None:
    first = record(learner, tutorial, fraction=1)
    again = record(learner, tutorial, fraction=1)
    assert first.finished
    assert not again.finished
    assert again.progress.completed_at == first.progress.completed_at


def test_the_same_report_twice_counts_once(learner: User, tutorial: Tutorial) -> None:
    for _ in range(2):
        assert record(learner, tutorial, seconds=300).progress.seconds == 300
    for _ in range(2):
        assert record(learner, tutorial, seconds=120, visit="one").progress.seconds == 420


def test_two_tabs_add_up(learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, seconds=60, visit="one")
    record(learner, tutorial, seconds=30, visit="two")
    assert record(learner, tutorial, seconds=90, visit="one").progress.seconds == 120


def test_only_the_latest_visits_are_remembered(learner: User, tutorial: Tutorial) -> None:
    for number in range(20):
        record(learner, tutorial, seconds=1, visit=str(number))
    visits = record(learner, tutorial, seconds=5, visit="19").progress.visits
    assert len(visits) == 8
    assert visits[-1] == ["19", 5]


def test_nobody_claims_a_day_in_a_minute(learner: User, tutorial: Tutorial) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert record(learner, tutorial, seconds=ABSURD).progress.seconds == MOST_AT_ONCE
        clock.shift(60)
        assert record(learner, tutorial, seconds=ABSURD).progress.seconds == MOST_AT_ONCE + 60
        other = make_tutorial()
        assert record(learner, other, seconds=ABSURD).progress.seconds == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, ABSURD), st.sampled_from(["", "one", "two"])),
        min_size=1,
        max_size=12,
    )
)
def test_attention_is_never_longer_than_the_clock_allows(
    learner: User, tutorial: Tutorial, reports: list[tuple[int, int, str]]
) -> None:
    with transaction.atomic(), time_machine.travel(NOON, tick=False) as clock:
        passed, before = 0, 0
        for wait, seconds, visit in reports:
            clock.shift(wait)
            passed += wait
            now = record(learner, tutorial, seconds=seconds, visit=visit).progress.seconds
            assert before <= now <= MOST_AT_ONCE + passed
            before = now
        assert LearningDay.objects.get(user=learner).seconds == before
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("report", "field"),
    [
        ({"fraction": math.nan}, "fraction"),
        ({"fraction": math.inf}, "fraction"),
        ({"fraction": -0.01}, "fraction"),
        ({"fraction": 1.01}, "fraction"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": ABSURD + 1}, "seconds"),
        ({"block": "nowhere"}, "block"),
        ({"visit": "x" * 65}, "visit"),
    ],
)
def test_what_cannot_be_true_is_refused(learner: User, tutorial: Tutorial, report: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        record(learner, tutorial, **report)
    assert list(refused.value.message_dict) == [field]
    assert not TutorialProgress.objects.exists()
    assert not LearningDay.objects.exists()


def test_the_database_refuses_what_is_no_fraction(learner: User, tutorial: Tutorial) -> None:
    for fraction in (math.nan, -0.1, 1.1):
        with pytest.raises(IntegrityError), transaction.atomic():
            TutorialProgress.objects.create(user=learner, tutorial=tutorial, fraction=fraction)


def test_premium_is_needed_to_move_in_a_premium_tutorial(learner: User, premium_tutorial: Tutorial) -> None:
    with pytest.raises(PermissionDenied):
        record(learner, premium_tutorial)
    make_grant(learner)
    assert record(learner, premium_tutorial).progress.fraction == 0.5


@pytest.mark.parametrize(("zone", "day"), [("UTC", 2), ("Pacific/Auckland", 3), ("America/Los_Angeles", 2)])
def test_days_are_the_learners_own(learner: User, tutorial: Tutorial, zone: str, day: int) -> None:
    learner.profile.time_zone = zone
    learner.profile.save()
    with time_machine.travel(NOON, tick=False):
        record(learner, tutorial)
    assert LearningDay.objects.get(user=learner).day.day == day


def streak_of(user: User) -> tuple[int, int]:
    user.refresh_from_db()
    return user.learner.streak, user.learner.longest_streak


def test_days_in_a_row_make_a_streak(learner: User) -> None:
    tutorials = [make_tutorial() for _ in range(6)]
    for day, expected in [(0, (1, 1)), (1, (2, 2)), (1, (2, 2)), (2, (3, 3)), (4, (1, 3)), (5, (2, 3))]:
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            finish(learner, tutorials.pop())
        assert streak_of(learner) == expected


def test_looking_again_without_reading_is_no_learning(learner: User, tutorial: Tutorial) -> None:
    with time_machine.travel(NOON, tick=False):
        finish(learner, tutorial)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        record(learner, tutorial, fraction=1, block="first-steps")
    assert streak_of(learner) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_lose_nothing(learner: User, tutorial: Tutorial) -> None:
    gate = Barrier(4)

    def report(number: int) -> None:
        gate.wait(10)
        try:
            record(learner, tutorial, fraction=number / 10, seconds=10 * number, visit=str(number))
        finally:
            connection.close()

    threads = [Thread(target=report, args=[number]) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress = TutorialProgress.objects.get()
    assert (progress.fraction, progress.seconds) == (0.4, 100)
    assert LearningDay.objects.get().seconds == 100


def test_opening_a_page_is_no_learning(learner: User, tutorial: Tutorial) -> None:
    record(learner, tutorial, fraction=0, block="first-steps")
    assert TutorialProgress.objects.get().block == "first-steps"
    assert not LearningDay.objects.exists()
    assert streak_of(learner) == (0, 0)


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"published_at": datetime(2090, 1, 1, tzinfo=UTC)}])
def test_nobody_earns_with_what_is_not_out(author: User, fields: dict[str, Any]) -> None:
    own = make_tutorial(author=author, **fields)
    with pytest.raises(ValidationError, match="not published"):
        record(author, own, fraction=1)
    client = Client()
    client.force_login(author)
    assert "data-progress-url" not in client.get(own.get_absolute_url()).content.decode()
