"""How learners move forward."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from analytics import track
from common.prepared import Prepared
from tutorials.models import Award, Certificate, Learner, LearningDay, Tutorial, TutorialProgress
from tutorials.models.learning import ABSURD
from tutorials.services import awarding

NO_SUCH_BLOCK = "There is no such place in this tutorial."
NOT_OUT = "This tutorial is not published, so there is nothing to finish yet."
NEEDS_PREMIUM = "The rest of this tutorial is for Premium."
LONGEST_VISIT = 64  # characters
# Of the person only where they live, which says what day it is.
LOCKED: Prepared[Learner] = Prepared(
    lambda user: (
        Learner.objects.filter(user=user)
        .select_for_update(of=("self",))
        .select_related("user__profile")
        .only(*(column.name for column in Learner._meta.concrete_fields), "user__profile__time_zone")
    ),
    user=int,
)
PROGRESS: Prepared[TutorialProgress] = Prepared(
    lambda user, tutorial: TutorialProgress.objects.filter(user=user, tutorial=tutorial), user=int, tutorial=int
)
# What may be another after each report.
MOVING = ("fraction", "seconds", "visits", "block", "moved_at", "completed_at")


class PremiumRequired(PermissionDenied):
    """Somebody may read the opening only."""

    code = "premium_required"

    def __init__(self) -> None:
        super().__init__(NEEDS_PREMIUM)


@dataclass(frozen=True)
class Step:
    """Where somebody is now, and what that brought them."""

    progress: TutorialProgress
    finished: bool = False
    certificates: list[Certificate] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)


@transaction.atomic
def record_progress(
    *,
    user: User,
    tutorial: Tutorial,
    fraction: float,
    seconds: int = 0,
    block: str | None = None,
    visit: str = "",
) -> Step:
    """Move a learner forward in a tutorial; progress never goes back.

    `fraction` (0..1) is how far they have read, `block` where they are (None: as before).
    `seconds` of attention are, with the name of a `visit`, those of this visit so far, else all
    that were ever spent here: so the same call twice changes nothing, and visits add up. Only
    what the clock allows is counted (Learner.grant_seconds).

    Raises PremiumRequired if this person may not read it, ValidationError by field.
    """
    require_access(user, tutorial)
    check_report(tutorial, fraction=fraction, seconds=seconds, block=block, visit=visit)
    if not tutorial.is_out():
        # Its authors see it, and could earn something with their own drafts.
        raise ValidationError(NOT_OUT, code="not_published")
    now = timezone.now()
    learner = lock_learner(user)
    # Nobody else makes it meanwhile: whatever this person learns goes by the row that is locked.
    progress = PROGRESS.first(user=user.pk, tutorial=tutorial.pk)
    if progress is None:
        progress = TutorialProgress(user=user, tutorial=tutorial)
    granted = learner.grant_seconds(progress.claimed_more(seconds, visit), now=now)
    moved = granted > 0 or fraction > progress.fraction
    before, started = progress.fraction, not (progress.fraction or progress.seconds)
    progress.spend(granted, visit=visit)
    finished = progress.advance_to(fraction, block=block, now=now)
    progress.save(update_fields=None if progress._state.adding else MOVING)
    new_day = moved and note_learning(learner, seconds=granted, now=now)
    if granted or new_day:
        learner.save(update_fields=["credit", "credited_at", "streak", "longest_streak", "last_day"])
    if moved:
        track.tutorial_progress(
            *(user.pk, tutorial.slug, progress.fraction, granted, progress.block),
            before=round(before, 4),
            started=started,
            total=progress.seconds,
        )
    certificates = awarding.complete_tracks(user=user, tutorial=tutorial) if finished else []
    awards = awarding.award(user=user) if finished or new_day else []
    return Step(progress, finished, certificates, awards)


@transaction.atomic
def set_daily_goal(*, user: User, minutes: int) -> Learner:
    """Choose how many minutes a day to learn. Raises ValidationError on `daily_goal`."""
    learner = lock_learner(user)
    learner.daily_goal = minutes
    learner.full_clean(exclude=["user"])
    learner.save(update_fields=["daily_goal"])
    return learner


def check_report(tutorial: Tutorial, *, fraction: float, seconds: int, block: str | None, visit: str) -> None:
    """Raises ValidationError that names each field that cannot be true."""
    faults = {}
    if not math.isfinite(fraction) or not 0 <= fraction <= 1:
        faults["fraction"] = "Enter a fraction from 0 to 1."
    if not 0 <= seconds <= ABSURD:
        faults["seconds"] = f"Enter seconds of attention from 0 to {ABSURD:,}."
    if block is not None and not tutorial.has_block(block):
        faults["block"] = NO_SUCH_BLOCK
    if len(visit) > LONGEST_VISIT:
        faults["visit"] = f"Name a visit with at most {LONGEST_VISIT} characters."
    if faults:
        raise ValidationError(faults)


def require_access(user: User, tutorial: Tutorial) -> None:
    """Raises PremiumRequired for who may read the opening only."""
    if not tutorial.access_for(user).allowed:
        raise PremiumRequired


def lock_learner(user: User) -> Learner:
    """The row that everything somebody learns goes by, so that two tabs take turns; made where there was none."""
    learner = LOCKED.first(user=user.pk)
    if learner is None:
        Learner.objects.bulk_create([Learner(user=user)], ignore_conflicts=True)
        learner = LOCKED.build(user=user.pk).get()
    return learner


def note_learning(learner: Learner, *, seconds: int, now: datetime) -> bool:
    """Write down that somebody learned today; returns whether it was the first of this day."""
    today = day_of(learner.user, now)
    if learner.last_day == today and not seconds:
        return False
    learner.note_day(today)
    days = LearningDay.objects.filter(user=learner.user, day=today)
    if days.update(seconds=F("seconds") + seconds):
        return False
    LearningDay.objects.create(user=learner.user, day=today, seconds=seconds)
    return True


def day_of(user: User, now: datetime | None = None) -> date:
    """The day that it is where somebody lives."""
    return (now or timezone.now()).astimezone(ZoneInfo(user.profile.time_zone)).date()
