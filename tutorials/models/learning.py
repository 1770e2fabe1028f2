"""How far people have come, and when they learned."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tutorials.models.tutorials import Track, Tutorial
from tutorials.querysets import BookmarkQuerySet, CompletionQuerySet, ProgressQuerySet

LONGEST_NOTE = 2000  # characters
# Seconds of attention that may be claimed at once; more come in only as fast as time passes.
MOST_AT_ONCE = 600
ABSURD = 24 * 60 * 60  # seconds: nobody reads one tutorial for longer
KNOWN_VISITS = 8


class Learner(models.Model):
    """What the platform keeps count of for one person who learns."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    # How many seconds of attention may still be claimed (0..MOST_AT_ONCE), as of that time.
    credit = models.FloatField(default=MOST_AT_ONCE)
    credited_at = models.DateTimeField(default=timezone.now)
    # Days in a row up to last_day, and the most there ever were; days are the learner's own.
    streak = models.PositiveIntegerField(default=0)
    longest_streak = models.PositiveIntegerField(default=0)
    last_day = models.DateField(null=True, blank=True)
    daily_goal = models.PositiveSmallIntegerField(default=10, help_text="Minutes.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="learner_credit_in_range", condition=Q(credit__range=(0, MOST_AT_ONCE))),
            models.CheckConstraint(name="learner_longest_streak", condition=Q(longest_streak__gte=F("streak"))),
            models.CheckConstraint(
                name="learner_daily_goal_in_range",
                condition=Q(daily_goal__range=(1, 600)),
                violation_error_message="Choose a goal from 1 to 600 minutes.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    def grant_seconds(self, claimed: int, *, now: datetime) -> int:
        """How many of the claimed seconds of attention can be true; they are taken off the credit.

        The credit refills by a second each second, so that over any time nobody learns for longer
        than it took, plus MOST_AT_ONCE.
        """
        passed = max(0.0, (now - self.credited_at).total_seconds())
        credit = min(float(MOST_AT_ONCE), self.credit + passed)
        granted = min(max(0, claimed), int(credit))
        self.credit, self.credited_at = credit - granted, max(now, self.credited_at)
        return granted

    def note_day(self, day: date) -> None:
        """Count a day on which something was learned. A day of before, as one travels west, changes nothing."""
        if self.last_day is not None and day <= self.last_day:
            return
        follows = self.last_day is not None and day - self.last_day == timedelta(days=1)
        self.streak = self.streak + 1 if follows else 1
        self.longest_streak = max(self.longest_streak, self.streak)
        self.last_day = day

    def streak_on(self, today: date) -> int:
        """Days in a row, still alive if the last was yesterday."""
        alive = self.last_day is not None and today - self.last_day <= timedelta(days=1)
        return self.streak if alive else 0


class LearningDay(models.Model):
    """A day, in the learner's own time zone, on which they learned."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="learning_days")
    day = models.DateField()
    seconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(name="learning_day_once", fields=["user", "day"])]

    def __str__(self) -> str:
        return f"{self.user}, {self.day}"


class TutorialProgress(models.Model):
    """How far somebody is in a tutorial. It never goes back."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="progress")
    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE, related_name="progress")
    fraction = models.FloatField(default=0)
    seconds = models.PositiveIntegerField(default=0, help_text="Of attention.")
    # [visit, seconds] of the latest visits (a page that was opened once), so that what is sent
    # twice counts once and what two tabs send adds up; the latest stands last.
    visits = models.JSONField(default=list, editable=False)
    block = models.CharField(max_length=80, blank=True, help_text="Where the reader was last; empty: the beginning.")
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = ProgressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "progress"
        constraints = [
            models.UniqueConstraint(name="progress_once", fields=["user", "tutorial"]),
            models.CheckConstraint(
                name="progress_fraction_in_range",
                condition=Q(fraction__gte=0) & Q(fraction__lte=1),
                violation_error_message="Enter a fraction from 0 to 1.",
            ),
            models.CheckConstraint(
                name="progress_completed_is_whole",
                condition=Q(completed_at__isnull=True) | Q(fraction=1),
                violation_error_message="What is finished is finished whole.",
            ),
        ]
        indexes = [
            models.Index(name="progress_latest", fields=["user", "-moved_at"]),
            models.Index(name="progress_of_tutorial", fields=["tutorial", "block"]),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.tutorial}: {self.fraction:.0%}"

    @property
    def percent(self) -> int:
        return int(self.fraction * 100)

    def claimed_more(self, seconds: int, visit: str) -> int:
        """How many of these seconds are news.

        A visit says how long it has lasted so far. Without one, `seconds` is the whole of what
        somebody has spent here.
        """
        return max(0, seconds - (self.seconds_of(visit) if visit else self.seconds))

    def seconds_of(self, visit: str) -> int:
        return next((seconds for name, seconds in self.visits if name == visit), 0)

    def advance_to(self, fraction: float, *, block: str | None, now: datetime) -> bool:
        """Move forward, and to another place; returns whether that finished the tutorial."""
        self.fraction = max(self.fraction, fraction)
        if block is not None:
            self.block = block
        self.moved_at = now
        if self.fraction < 1 or self.completed_at is not None:
            return False
        self.completed_at = now
        return True

    def spend(self, seconds: int, *, visit: str) -> None:
        """Add seconds of attention that were granted."""
        self.seconds += seconds
        if visit:
            others = [each for each in self.visits if each[0] != visit]
            self.visits = [*others, [visit, self.seconds_of(visit) + seconds]][-KNOWN_VISITS:]


class TrackCompletion(models.Model):
    """Somebody finished a track. It stays so when the track grows."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="track_completions")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="completions")
    completed_at = models.DateTimeField(default=timezone.now)

    objects = CompletionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="track_completion_once", fields=["user", "track"])]

    def __str__(self) -> str:
        return f"{self.user}, {self.track}"


class Bookmark(models.Model):
    """A place that somebody wants to find again, with what they noted there. Nobody else sees it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bookmarks")
    tutorial = models.ForeignKey(Tutorial, on_delete=models.CASCADE, related_name="bookmarks")
    block = models.CharField(max_length=80, blank=True)
    note = models.TextField(
        blank=True, validators=[MaxLengthValidator(LONGEST_NOTE)], max_length=LONGEST_NOTE, help_text="Only you see it."
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BookmarkQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="bookmark_once", fields=["user", "tutorial", "block"])]
        indexes = [models.Index(name="bookmark_newest", fields=["user", "-created_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.tutorial}#{self.block}"
