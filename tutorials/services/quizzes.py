"""Answering quizzes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from common.limits import spend
from tutorials.models import Award, Certificate, QuizAnswer, QuizAttempt, Tutorial
from tutorials.quiz import Marked, Quiz, check, score
from tutorials.services import awarding
from tutorials.services.progress import lock_learner, note_learning, require_access

NO_QUIZ = "This tutorial has no quiz."
NO_ANSWER = "Answer at least one question."
RATE = "60/h"


@dataclass(frozen=True)
class Result:
    """An attempt with every question's mark, and what it brought."""

    attempt: QuizAttempt
    marked: list[Marked]
    certificates: list[Certificate] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)


@transaction.atomic
def answer_quiz(*, user: User, tutorial: Tutorial, answers: Mapping[str, object]) -> Result:
    """Mark somebody's answers (question → list of options or one text) and keep them.

    Raises ValidationError by question, PremiumRequired if this person may not read the tutorial,
    Limited beyond 60 attempts an hour.
    """
    require_access(user, tutorial)
    marked = check(quiz_of(tutorial), answers)
    if not any(each.chosen for each in marked):
        # Somebody pressed the button too soon, and would be shown all the answers.
        raise ValidationError({"answers": NO_ANSWER})
    spend("quiz", str(user.pk), RATE)
    # Whoever holds this lock knows the number of the next attempt.
    learner = lock_learner(user)
    own = QuizAttempt.objects.filter(user=user, tutorial=tutorial)
    passed_before = own.filter(passed=True).exists()
    right = score(marked)
    attempt = QuizAttempt.objects.create(
        user=user,
        tutorial=tutorial,
        number=(own.aggregate(last=Max("number"))["last"] or 0) + 1,
        score=right,
        passed=round(right * 100, 6) >= tutorial.pass_mark,
    )
    QuizAnswer.objects.bulk_create(
        QuizAnswer(attempt=attempt, question=each.question.key, chosen=each.chosen, right=each.right) for each in marked
    )
    new_day = note_learning(learner, seconds=0, now=timezone.now())
    learner.save(update_fields=["streak", "longest_streak", "last_day"])
    news = attempt.passed and not passed_before
    certificates = awarding.complete_tracks(user=user, tutorial=tutorial) if news else []
    awards = awarding.award(user=user) if news or new_day else []
    return Result(attempt, marked, certificates, awards)


def quiz_of(tutorial: Tutorial) -> Quiz:
    """Raises ValidationError on `answers` if there is none."""
    if tutorial.quiz is None:
        raise ValidationError({"answers": NO_QUIZ})
    return Quiz.from_json(tutorial.quiz)
