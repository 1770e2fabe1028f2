"""A learner's own year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.community.members import make_post
from tests.factories import make_tutorial
from tutorials.models import LearningDay, TutorialProgress
from tutorials.year import longest_run, strength, year_of, years_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def learn(user: User, day: date, minutes: int = 20) -> None:
    LearningDay.objects.create(user=user, day=day, seconds=minutes * 60)


@pytest.fixture
def browser(learner: User) -> Client:
    User.objects.filter(pk=learner.pk).update(date_joined=datetime(2025, 6, 1, tzinfo=UTC))
    learner.refresh_from_db()
    client = Client()
    client.force_login(learner)
    return client


@time_machine.travel(NOW, tick=False)
def test_a_year_adds_up_its_days_and_leaves_out_those_of_others(learner: User, stranger: User) -> None:
    for day in (date(2026, 1, 1), date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)):
        learn(learner, day)
    learn(learner, date(2025, 12, 31), minutes=500)
    learn(stranger, date(2026, 5, 5), minutes=500)
    year = year_of(learner, 2026)
    assert (year.minutes, year.days, year.longest_run) == (80, 4, 3)
    assert len(year.months) == 11
    assert [(month.minutes, month.part) for month in year.months[:4]] == [(20, 50), (0, 0), (40, 100), (20, 50)]
    assert len(year.months[-1].squares) == 30


@time_machine.travel(NOW, tick=False)
def test_what_was_finished_belongs_to_the_year_where_the_learner_lives(learner: User) -> None:
    learner.profile.time_zone = "Pacific/Auckland"
    learner.profile.save()
    tutorial = make_tutorial("At the turn of the year")
    TutorialProgress.objects.create(
        user=learner, tutorial=tutorial, fraction=1, completed_at=datetime(2025, 12, 31, 12, tzinfo=UTC)
    )
    assert [row["tutorial__title"] for row in year_of(learner, 2026).finished] == ["At the turn of the year"]
    assert year_of(learner, 2025).finished == []


@time_machine.travel(NOW, tick=False)
def test_the_page_shows_it_with_what_was_given_to_others(browser: Client, learner: User) -> None:
    learn(learner, date(2026, 11, 1), minutes=150)
    make_post(author=learner)
    page = browser.get("/learning/2026/").content.decode()
    for expected in ("Your 2026", "Hours of learning", "150 minutes on 1 day", "In the community"):
        assert expected in page
    assert 'href="/learning/2025/"' in page
    assert 'href="/learning/2026/"' in browser.get("/learning/").content.decode()


@time_machine.travel(NOW, tick=False)
def test_a_year_without_anything_says_what_to_do(browser: Client) -> None:
    assert "Nothing in 2026 yet" in browser.get("/learning/2026/").content.decode()


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("number", [0, 1999, 2024, 2027, 99999999999])
def test_there_is_no_year_before_somebody_came_and_none_to_come(browser: Client, number: int) -> None:
    assert browser.get(f"/learning/{number}/").status_code == 404


@time_machine.travel(NOW, tick=False)
def test_what_was_learned_before_signing_up_anew_has_its_year_too(learner: User) -> None:
    learn(learner, date(2023, 5, 5))
    assert list(years_of(learner)) == [2023, 2024, 2025, 2026]


@time_machine.travel(NOW, tick=False)
def test_twice_as_many_days_take_as_many_queries(browser: Client, learner: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/learning/2026/").status_code == 200
        return len(captured)

    learn(learner, date(2026, 1, 1))
    queries()
    few = queries()
    for number in range(20):
        learn(learner, date(2026, 2, 1) + timedelta(days=number))
        TutorialProgress.objects.create(
            user=learner, tutorial=make_tutorial(f"Number {number}"), fraction=1, completed_at=NOW
        )
    assert queries() == few


def test_days_look_stronger_the_longer_somebody_learned() -> None:
    assert [strength(seconds) for seconds in (None, 0, 60, 16 * 60, 31 * 60, 61 * 60, 9**9)] == [0, 1, 1, 2, 3, 4, 4]


def test_a_run_ends_where_a_day_is_missing() -> None:
    days = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 3)]
    assert longest_run(days) == 3
    assert longest_run([]) == 0


@time_machine.travel(NOW, tick=False)
def test_a_year_begins_with_the_month_in_which_somebody_began(learner: User) -> None:
    learn(learner, date(2026, 9, 15))
    assert [month.first.month for month in year_of(learner, 2026).months] == [9, 10, 11]
    assert [month.first.month for month in year_of(learner, 2025).months] == [12]
