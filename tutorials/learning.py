"""What the pages of a learner show: reads that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from common.forms import PlaceForm, asked_place
from common.paging import Page, page_of
from tutorials.models import (
    Achievement,
    Award,
    Bookmark,
    Learner,
    LearningDay,
    QuizAttempt,
    Track,
    TrackStep,
    Tutorial,
    TutorialProgress,
)
from tutorials.querysets import (
    BOOKMARKS_NEWEST_FIRST,
    FINISHED_LATEST_FIRST,
    LATEST_FIRST,
    NEWEST_FIRST,
    TEXTS_OF_TUTORIAL,
    is_published,
)
from tutorials.services.progress import day_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

DAYS_SHOWN = 28
NEW_SHOWN = 3
NEW_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Place:
    """A tutorial that somebody has begun, and the block where they were."""

    tutorial: Tutorial
    percent: int
    block: str
    heading: str
    moved_at: datetime

    @property
    def address(self) -> str:
        return self.tutorial.get_absolute_url() + (f"#{self.block}" if self.block else "")


@dataclass(frozen=True)
class Today:
    """How today goes. Times in minutes."""

    minutes: int
    goal: int
    streak: int
    longest_streak: int
    learned: bool

    @property
    def percent(self) -> int:
        return min(100, 100 * self.minutes // self.goal)

    @property
    def is_reached(self) -> bool:
        return self.minutes >= self.goal


def places_of(user: User, *, most: int) -> list[Place]:
    """What somebody has begun and not finished, the latest first."""
    rows = TutorialProgress.objects.of(user).unfinished().select_related("tutorial").order_by(*LATEST_FIRST)
    light = rows.only(
        *("fraction", "block", "moved_at", "user_id"),
        *("tutorial__slug", "tutorial__title", "tutorial__minutes", "tutorial__blocks"),
    )
    return [place_of(row) for row in light[:most]]


def place_of(progress: TutorialProgress) -> Place:
    """Without the block, if the text has lost it."""
    headings = {block["id"]: block["text"] for block in progress.tutorial.blocks}
    block = progress.block if progress.block in headings else ""
    return Place(progress.tutorial, progress.percent, block, headings.get(block, ""), progress.moved_at)


def today_of(user: User) -> Today:
    """Two queries."""
    learner = Learner.objects.filter(user=user).first() or Learner(user=user)
    today = day_of(user)
    seconds = LearningDay.objects.filter(user=user, day=today).values_list("seconds", flat=True).first()
    return Today(
        minutes=(seconds or 0) // 60,
        goal=learner.daily_goal,
        streak=learner.streak_on(today),
        longest_streak=learner.longest_streak,
        learned=seconds is not None,
    )


def days_of(user: User) -> list[dict[str, Any]]:
    """The last days, the oldest first, each {"day", "minutes", "learned"}."""
    today = day_of(user)
    first = today - timedelta(days=DAYS_SHOWN - 1)
    known: dict[date, int] = dict(LearningDay.objects.filter(user=user, day__gte=first).values_list("day", "seconds"))
    days = (first + timedelta(days=number) for number in range(DAYS_SHOWN))
    return [{"day": day, "minutes": known.get(day, 0) // 60, "learned": day in known} for day in days]


def next_for(user: User) -> TrackStep | None:
    """The first tutorial not yet begun of the track that somebody was in last and has not finished.

    For who is in none: the first of the first track.
    """
    own = TutorialProgress.objects.filter(user=user)
    moved = own.filter(tutorial__steps__track=OuterRef("track")).order_by("-moved_at").values("moved_at")[:1]
    return (
        TrackStep.objects.filter(is_published("tutorial__"), track__is_published=True)
        .exclude(track__completions__user=user)
        .exclude(tutorial__in=own.values("tutorial"))
        .annotate(moved_at=Subquery(moved))
        .select_related("track", "tutorial")
        .defer(*TEXTS_OF_TUTORIAL)
        .order_by(F("moved_at").desc(nulls_last=True), "track__position", "track__title", "position", "id")
        .first()
    )


def new_since(user: User) -> list[dict[str, Any]]:
    """What came out in the last days and this person has not opened: rows of a list."""
    opened = TutorialProgress.objects.filter(user=user).values("tutorial")
    fresh = Tutorial.objects.published().filter(published_at__gt=timezone.now() - NEW_FOR).exclude(pk__in=opened)
    return list(fresh.as_rows().order_by(*NEWEST_FIRST)[:NEW_SHOWN])


@dataclass(frozen=True)
class StepState:
    """A step of a track as somebody sees it."""

    tutorial: Tutorial
    percent: int
    read: bool
    # None: it has none, or it is not asked for.
    quiz_passed: bool | None

    @property
    def is_done(self) -> bool:
        return self.read and self.quiz_passed is not False


def steps_with_state(track: Track, user: User | AnonymousUser) -> list[StepState]:
    """What can be read of a track now, in order, and how far this person is. One query."""
    steps: Any = track.steps.filter(is_published("tutorial__")).select_related("tutorial").defer(*TEXTS_OF_TUTORIAL)
    own = {"user": user.pk, "tutorial": OuterRef("tutorial")}
    mine = TutorialProgress.objects.filter(**own)
    passed = QuizAttempt.objects.filter(**own, passed=True)
    steps = steps.annotate(
        fraction=Subquery(mine.values("fraction")), read=Exists(mine.finished()), passed=Exists(passed)
    )
    return [
        StepState(
            step.tutorial,
            percent=int(100 * (step.fraction or 0)),
            read=step.read,
            quiz_passed=step.passed if track.quizzes_required and step.tutorial.quiz else None,
        )
        for step in steps
    ]


def achievements_of(user: User) -> list[Achievement]:
    """All that can be earned or were, each with `earned_at` (None: not yet); what was earned first."""
    earned = Award.objects.filter(user=user, achievement=OuterRef("pk")).values("earned_at")
    return list(
        Achievement.objects.annotate(earned_at=Subquery(earned))
        .filter(Q(is_active=True) | Q(earned_at__isnull=False))
        .order_by(F("earned_at").desc(nulls_last=True), "position", "threshold", "code")
    )


def list_finished(user: User, form: PlaceForm) -> Page:
    """One page of the tutorials that somebody finished, the latest first. Raises ValidationError for the place."""
    rows = TutorialProgress.objects.of(user).finished()
    columns = rows.values(
        *("id", "completed_at", "seconds"),
        slug=F("tutorial__slug"),
        title=F("tutorial__title"),
        minutes=F("tutorial__minutes"),
    )
    return page_of(columns, order=FINISHED_LATEST_FIRST, **asked_place(form))


def list_bookmarks(user: User, form: PlaceForm) -> Page:
    """One page of somebody's bookmarks, the newest first; `heading` is "" for the beginning or a lost block."""
    rows = Bookmark.objects.of(user).filter(is_published("tutorial__"))
    columns = rows.values(
        *("id", "created_at", "block", "note"),
        slug=F("tutorial__slug"),
        title=F("tutorial__title"),
        blocks=F("tutorial__blocks"),
    )
    page = page_of(columns, order=BOOKMARKS_NEWEST_FIRST, **asked_place(form))
    for row in page.rows:
        row["heading"] = {block["id"]: block["text"] for block in row.pop("blocks")}.get(row["block"], "")
    return page


@dataclass(frozen=True)
class Walk:
    """A tutorial as a step of a track."""

    track: Track
    number: int
    count: int
    previous: Tutorial | None
    next: Tutorial | None


def walk_through(tutorial: Tutorial) -> Walk | None:
    """The first track that leads through this tutorial, and what stands beside it there. One query."""
    through = Track.objects.filter(is_published=True, steps__tutorial=tutorial).order_by("position", "title", "pk")
    steps = list(
        TrackStep.objects.filter(
            Q(is_published("tutorial__")) | Q(tutorial=tutorial), track=Subquery(through.values("pk")[:1])
        )
        .select_related("track", "tutorial")
        .defer(*TEXTS_OF_TUTORIAL, "tutorial__blocks", "tutorial__quiz")
    )
    here = next((number for number, step in enumerate(steps) if step.tutorial_id == tutorial.pk), None)
    if here is None:
        return None
    return Walk(
        track=steps[here].track,
        number=here + 1,
        count=len(steps),
        previous=steps[here - 1].tutorial if here else None,
        next=steps[here + 1].tutorial if here + 1 < len(steps) else None,
    )
