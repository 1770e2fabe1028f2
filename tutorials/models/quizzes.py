"""How people did in quizzes. The questions themselves are a part of the tutorial's text."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tutorials.models.tutorials import Tutorial
from tutorials.querysets import QuizAttemptQuerySet


class QuizAttempt(models.Model):
    """One time that somebody answered a tutorial's quiz; all are kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quiz_attempts")
    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE, related_name="quiz_attempts")
    # 1 is the first: what authors learn of their questions comes from first attempts.
    number = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    score = models.FloatField()
    passed = models.BooleanField()

    objects = QuizAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(name="quiz_attempt_number_once", fields=["user", "tutorial", "number"]),
            models.CheckConstraint(name="quiz_score_in_range", condition=Q(score__gte=0) & Q(score__lte=1)),
        ]
        indexes = [
            models.Index(name="quiz_passed", fields=["user", "tutorial"], condition=Q(passed=True)),
            models.Index(name="quiz_first_attempts", fields=["tutorial"], condition=Q(number=1)),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.tutorial}: {self.score:.0%}"

    @property
    def percent(self) -> int:
        return int(self.score * 100)


class QuizAnswer(models.Model):
    """What was answered to one question: the keys of options, or the words."""

    attempt = models.ForeignKey(QuizAttempt, on_delete=models.CASCADE, related_name="answers")
    question = models.CharField(max_length=80)
    chosen = ArrayField(models.CharField(max_length=200), default=list)
    right = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(name="quiz_answer_once", fields=["attempt", "question"])]

    def __str__(self) -> str:
        return f"{self.question}: {', '.join(self.chosen)}"
