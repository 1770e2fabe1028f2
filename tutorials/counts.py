"""What is counted of learners, for the rules of achievements."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, IntegerField, QuerySet, Sum
from django.db.models.functions import Cast, Extract, Floor, Now

from accounts.models import User
from tutorials.metrics import Metric, register
from tutorials.models import Learner, LearningDay, QuizAttempt, TrackCompletion, TutorialProgress

# Rows are QuerySets of dictionaries; the checker's plugin has a type of its own for each.
Rows = Any
SECONDS_A_DAY = 24 * 60 * 60


def of(rows: QuerySet[Any], person: int | None) -> Any:
    """All rows, or a person's; in no order, which grouping would otherwise group by."""
    return (rows if person is None else rows.filter(user=person)).order_by()


def tutorials_finished(person: int | None) -> Rows:
    return of(TutorialProgress.objects.finished(), person).values("user").annotate(value=Count("pk"))


def tracks_finished(person: int | None) -> Rows:
    return of(TrackCompletion.objects.all(), person).values("user").annotate(value=Count("pk"))


def quizzes_passed(person: int | None) -> Rows:
    passed = of(QuizAttempt.objects.filter(passed=True), person)
    return passed.values("user").annotate(value=Count("tutorial", distinct=True))


def streak_days(person: int | None) -> Rows:
    return of(Learner.objects.all(), person).values("user", value=F("longest_streak"))


def minutes_learned(person: int | None) -> Rows:
    return of(LearningDay.objects.all(), person).values("user").annotate(value=Sum("seconds") / 60)


def days_as_member(person: int | None) -> Rows:
    people = User.objects.order_by() if person is None else User.objects.filter(pk=person).order_by()
    seconds = Extract(Now() - F("date_joined"), "epoch")
    return people.values(user=F("pk"), value=Cast(Floor(seconds / SECONDS_A_DAY), IntegerField()))


register(
    Metric("tutorials_finished", "Tutorials finished", tutorials_finished),
    Metric("tracks_finished", "Tracks finished", tracks_finished),
    Metric("quizzes_passed", "Quizzes passed", quizzes_passed),
    Metric("streak_days", "Days of learning in a row", streak_days),
    Metric("minutes_learned", "Minutes of learning", minutes_learned),
    Metric("days_as_member", "Days as a member", days_as_member),
)
