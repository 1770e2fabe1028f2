"""Answering a quiz."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client

from accounts.models import User
from common.limits import Limited
from tests.factories import make_tutorial
from tests.tutorials.learners import answers_to, make_quiz_tutorial
from tutorials.models import QuizAttempt, Tutorial
from tutorials.services.quizzes import answer_quiz


@pytest.fixture
def quizzed(db: None) -> Tutorial:
    return make_quiz_tutorial("Tokens")


def one_wrong(tutorial: Tutorial) -> dict[str, list[str]]:
    """One answer, and that a wrong one."""
    question, answer = next(iter(answers_to(tutorial, right=False).items()))
    return {question: answer}


def test_who_answers_nothing_is_asked_again(learner: User, quizzed: Tutorial) -> None:
    nothings: list[dict[str, list[str]]] = [{}, {"what-is-a-token": []}, {"what-turns-a-text-into-numbers": ["  "]}]
    for nothing in nothings:
        with pytest.raises(ValidationError, match="Answer at least one question"):
            answer_quiz(user=learner, tutorial=quizzed, answers=nothing)
    client = Client()
    client.force_login(learner)
    response = client.post("/tutorials/tokens/quiz/", {})
    assert response.status_code == 400
    assert "Answer at least one question." in response.content.decode()
    assert not QuizAttempt.objects.exists()


def test_all_right_passes(learner: User, quizzed: Tutorial) -> None:
    result = answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed))
    assert (result.attempt.score, result.attempt.passed, result.attempt.number) == (1.0, True, 1)


def test_the_pass_mark_decides(learner: User, quizzed: Tutorial) -> None:
    answers = answers_to(quizzed)
    answers.popitem()
    quizzed.pass_mark = 67
    assert not answer_quiz(user=learner, tutorial=quizzed, answers=answers).attempt.passed
    quizzed.pass_mark = 66
    assert answer_quiz(user=learner, tutorial=quizzed, answers=answers).attempt.passed


def test_every_attempt_is_kept_with_its_answers(learner: User, quizzed: Tutorial) -> None:
    for right in (False, True, False):
        answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed, right=right))
    attempts = QuizAttempt.objects.filter(user=learner).order_by("number")
    assert [attempt.passed for attempt in attempts] == [False, True, False]
    assert [attempt.answers.count() for attempt in attempts] == [3, 3, 3]


def test_an_answer_to_another_tutorials_question_is_refused(learner: User, quizzed: Tutorial) -> None:
    other = make_tutorial(body="## X\n\ny\n\n```quiz\n? Another question?\n(x) Yes\n( ) No\n```\n")
    with pytest.raises(ValidationError) as refused:
        answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed) | answers_to(other))
    assert refused.value.message_dict == {"another-question": ["This question is not part of this quiz."]}
    assert not QuizAttempt.objects.exists()


def test_a_tutorial_without_a_quiz_takes_no_answers(learner: User, tutorial: Tutorial) -> None:
    with pytest.raises(ValidationError, match="This tutorial has no quiz"):
        answer_quiz(user=learner, tutorial=tutorial, answers={})


def test_a_closed_tutorials_quiz_is_closed(learner: User) -> None:
    closed = make_quiz_tutorial("Closed", access="premium")
    with pytest.raises(PermissionDenied):
        answer_quiz(user=learner, tutorial=closed, answers=answers_to(closed))
    client = Client()
    client.force_login(learner)
    assert client.get("/tutorials/closed/quiz/").status_code == 403


def test_trying_all_answers_is_slowed_down(learner: User, quizzed: Tutorial) -> None:
    for _ in range(60):
        answer_quiz(user=learner, tutorial=quizzed, answers=one_wrong(quizzed))
    with pytest.raises(Limited):
        answer_quiz(user=learner, tutorial=quizzed, answers=one_wrong(quizzed))


@pytest.mark.django_db(transaction=True)
def test_attempts_at_once_get_a_number_each(learner: User, quizzed: Tutorial) -> None:
    gate = Barrier(4)

    def answer() -> None:
        gate.wait(10)
        try:
            answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed))
        finally:
            connection.close()

    threads = [Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(QuizAttempt.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


def test_the_page_asks_and_then_says_what_was_right(learner: User, quizzed: Tutorial) -> None:
    client = Client()
    client.force_login(learner)
    page = client.get("/tutorials/tokens/quiz/").content.decode()
    assert "What is a token?" in page
    assert "Models read and write these." not in page
    response = client.post("/tutorials/tokens/quiz/", answers_to(quizzed, right=False), follow=True)
    page = response.content.decode()
    assert "0 % right" in page
    assert "Models read and write these." in page


def test_the_page_keeps_what_was_answered_when_something_is_wrong(learner: User, quizzed: Tutorial) -> None:
    client = Client()
    client.force_login(learner)
    response = client.post("/tutorials/tokens/quiz/", {"x": "1", "what-turns-a-text-into-numbers": "embedding"})
    assert response.status_code == 400
    assert "This question is not part of this quiz." in response.content.decode()
    assert 'value="embedding"' in response.content.decode()


def test_an_attempt_of_somebody_else_is_not_there(learner: User, stranger: User, quizzed: Tutorial) -> None:
    answer_quiz(user=learner, tutorial=quizzed, answers=one_wrong(quizzed))
    client = Client()
    client.force_login(stranger)
    for number in ("1", "0", "x", "-1", "9" * 30, "\u0663"):
        assert client.get("/tutorials/tokens/quiz/", {"attempt": number}).status_code == 404


def test_answers_are_nowhere_before_they_are_given(visitor: Client, learner: User, quizzed: Tutorial) -> None:
    member = Client()
    member.force_login(learner)
    for client in (visitor, member):
        for address in ("/tutorials/tokens/", "/api/tutorials/tokens", "/tutorials/?q=tokens"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert "Models read and write these" not in answer.content.decode()
