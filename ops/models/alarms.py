"""What is wrong, and what staff were told of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from ops.querysets.alarms import AlarmQuerySet


@dataclass(frozen=True)
class Problem:
    """`key` stays the same as long as it lasts; `text` says what is wrong, and `remedy`, one line, what to do."""

    key: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}"


class Alarm(models.Model):
    """A problem from its beginning to its end, and whether the mails about both have left."""

    # What it is about, such as "late:apply_events"; the words may change while it lasts.
    key = models.CharField(max_length=150)
    text = models.TextField()
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    told_begin = models.BooleanField(default=False)
    told_end = models.BooleanField(default=False)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(ended_at=None),
                name="ops_alarm_once",
                violation_error_message="This problem is known.",
            )
        ]
        indexes = [models.Index(fields=["-begun_at"], name="ops_alarm_newest")]

    def __str__(self) -> str:
        return self.key

    @property
    def problem(self) -> Problem:
        text, _, remedy = self.text.rpartition("\n")
        return Problem(self.key, text, remedy)

    @property
    def headline(self) -> str:
        return self.text.splitlines()[0]
