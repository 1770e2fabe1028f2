"""Where readers stop, and how hard the questions are."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from analytics.models import DailyCount
from analytics.models.counts import EVERYBODY, Dimension
from tests.factories import make_tutorial, make_user
from tutorials import statistics
from tutorials.models import QuizAnswer, QuizAttempt, Tutorial, TutorialProgress

pytestmark = pytest.mark.django_db

BODY = """\
The opening.

## First

One.

## Second

Two.

```quiz
? Which is right? {#which}
(x) This
( ) That
( ) Neither

? What is it called? {#name}
= token | tokens
```
"""


@pytest.fixture
def quizzed(db: None) -> Tutorial:
    return make_tutorial("Quizzed", body=BODY)


def read(tutorial: Tutorial, block: str, *, seconds: int = 60, finished: bool = False) -> None:
    TutorialProgress.objects.create(
        user=make_user(),
        tutorial=tutorial,
        block=block,
        seconds=seconds,
        fraction=1 if finished else 0.3,
        completed_at=timezone.now() if finished else None,
    )


def answer(tutorial: Tutorial, which: str, name: str, *, user: User | None = None, number: int = 1) -> User:
    user = user or make_user()
    keys = {option["text"]: option["key"] for option in (tutorial.quiz or {})["questions"][0]["options"]}
    right = [which == "This", name == "token"]
    attempt = QuizAttempt.objects.create(
        user=user, tutorial=tutorial, number=number, score=sum(right) / 2, passed=all(right)
    )
    QuizAnswer.objects.create(attempt=attempt, question="which", chosen=[keys[which]], right=right[0])
    QuizAnswer.objects.create(attempt=attempt, question="name", chosen=[name] if name else [], right=right[1])
    return user


def shown(client: Client, author: User, tutorial: Tutorial) -> str:
    client.force_login(author)
    return client.get(reverse("admin:tutorials_tutorial_readers", args=[tutorial.pk])).content.decode()


def test_each_place_says_who_came_and_who_stopped(quizzed: Tutorial) -> None:
    read(quizzed, "")
    read(quizzed, "first", seconds=10)
    read(quizzed, "first", seconds=300)
    read(quizzed, "second")
    read(quizzed, "first", finished=True)  # went back to look something up
    read(quizzed, "gone")
    read(make_tutorial("Other"), "first")
    reading = statistics.reading_of(quizzed)
    assert (reading.readers, reading.finished, reading.seconds, reading.elsewhere) == (6, 1, 60, 1)
    assert reading.finish_rate == 17
    assert [(place.block, place.reached, place.stopped) for place in reading.places] == [
        ("", 5, 1),
        ("first", 4, 2),
        ("second", 2, 1),
    ]


def test_only_first_attempts_count(quizzed: Tutorial) -> None:
    user = answer(quizzed, "That", "word")
    answer(quizzed, "This", "token", user=user, number=2)
    answer(quizzed, "That", "token")
    answer(quizzed, "This", "")
    quizzing = statistics.quizzing_of(quizzed)
    assert quizzing is not None
    assert (quizzing.learners, quizzing.passed, quizzing.score) == (3, 0, 50)
    which, name = quizzing.questions
    assert (which.answers, which.right, which.percent) == (3, 1, 33)
    assert [(choice.text, choice.right, choice.times, choice.score) for choice in which.choices] == [
        ("This", True, 1, 50),
        ("That", False, 2, 25),
        ("Neither", False, 0, None),
    ]
    assert (name.answers, name.right) == (3, 1)
    assert [(choice.text, choice.times) for choice in name.choices] == [("word", 1)]


def test_answers_to_questions_and_options_that_are_gone_are_left_out(quizzed: Tutorial) -> None:
    answer(quizzed, "That", "word")
    quizzed.body = quizzed.body.replace("That", "Another").replace("{#name}", "{#term}")
    quizzed.save()
    quizzing = statistics.quizzing_of(quizzed)
    assert quizzing is not None
    which, term = quizzing.questions
    assert [choice.times for choice in which.choices] == [0, 0, 0]
    assert (which.answers, term.answers, term.choices) == (1, 0, [])


def test_the_page_is_honest_with_nobody_with_one_and_with_many(client: Client, author: User, quizzed: Tutorial) -> None:
    page = shown(client, author, quizzed)
    assert "Nobody has read it yet." in page
    assert "Nobody has taken it yet." in page
    read(quizzed, "first")
    answer(quizzed, "This", "<b>wrong</b>")
    page = shown(client, author, quizzed)
    assert "<strong>1</strong> reader," in page
    assert "So few readers say little about the next ones." in page
    assert "&lt;b&gt;wrong&lt;/b&gt;" in page
    assert "(0 %)" not in page
    for _ in range(12):
        read(quizzed, "second", finished=True)
    page = shown(client, author, quizzed)
    assert "<strong>12</strong> finished it (92 %)" in page
    assert "So few readers" not in page


def test_a_tutorial_without_a_quiz_or_sections_has_a_page_too(client: Client, author: User) -> None:
    tutorial = make_tutorial("Plain", body="Text.")
    read(tutorial, "", finished=True)
    assert "Opening" in shown(client, author, tutorial)
    assert statistics.quizzing_of(tutorial) is None


def test_the_page_costs_the_same_with_more_readers(client: Client, author: User, quizzed: Tutorial) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> Any:
        with CaptureQueriesContext(connection) as captured:
            shown(client, author, quizzed)
        return len(captured)

    read(quizzed, "first")
    answer(quizzed, "This", "x")
    queries()  # what is remembered of types and the like is asked once
    before = queries()
    for number in range(5):
        read(quizzed, "second")
        answer(quizzed, "That", f"y{number}")
    assert queries() == before


def test_an_author_sees_how_often_their_tutorial_was_looked_at(author: User) -> None:
    tutorial = make_tutorial("Looked at", author=author)
    client = Client()
    client.force_login(author)
    page = reverse("admin:tutorials_tutorial_readers", args=[tutorial.pk])
    assert "Visits" not in client.get(page).content.decode()
    for key, views in ((tutorial.get_absolute_url(), 1234), ("/tutorials/another/", 99)):
        DailyCount.objects.create(
            dimension=Dimension.PAGE,
            key=key,
            segment=EVERYBODY,
            day=timezone.now().date(),
            events=views,
            visitors=56,
            seconds=views * 75,
        )
    text = client.get(page).content.decode()
    for expected in ("1,234", "56", "1 min 15 s", "Views and visitors each day"):
        assert expected in text
