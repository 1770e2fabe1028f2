"""Giving people what they have earned, once and only once: finished tracks, and achievements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from tutorials import metrics
from tutorials.models import Achievement, Award, QuizAttempt, Track, TrackCompletion, Tutorial, TutorialProgress
from tutorials.querysets import is_published

BATCH = 1000


@transaction.atomic
def award(*, user: User) -> list[Award]:
    """Give somebody every achievement whose threshold they have reached; returns those that are new."""
    open_ones = list(Achievement.objects.filter(is_active=True).exclude(awards__user=user))
    values = {rule: value_of(rule, user) for rule in {each.rule for each in open_ones}}
    earned = [each for each in open_ones if values[each.rule] >= each.threshold]
    if not earned:
        return []
    give([Award(user=user, achievement=each) for each in earned])
    return list(Award.objects.of(user).filter(achievement__in=earned))


def value_of(rule: str, user: User) -> int:
    """A count of one person; 0 if what was counted is not counted any more."""
    metric = metrics.registered.get(rule)
    # Not first(): it would sort by primary key, and so group by it.
    row = next(iter(metric.values(user.pk)[:1]), None) if metric else None
    return int(row["value"]) if row else 0


def announce(*, user: User) -> list[Award]:
    """What somebody has earned and was not told of yet; with this they are, once, even on two pages at once."""
    if not Award.objects.filter(user=user).unseen().exists():
        return []
    with transaction.atomic():
        unseen = list(Award.objects.of(user).unseen().select_for_update(of=("self",), skip_locked=True))
        Award.objects.filter(pk__in=[each.pk for each in unseen]).update(seen_at=timezone.now())
    return unseen


def award_to_all(*, achievement: Achievement) -> int:
    """Give an achievement to everybody who has earned it already; returns to how many it was new."""
    metric = metrics.registered.get(achievement.rule)
    if metric is None or not achievement.is_active:
        return 0
    has_it = Award.objects.filter(achievement=achievement).values("user")
    earners = metric.values(None).filter(value__gte=achievement.threshold).exclude(user__in=has_it)
    return give([Award(user_id=row["user"], achievement=achievement) for row in earners.iterator(BATCH)])


def complete_tracks(*, user: User, tutorial: Tutorial) -> list[Track]:
    """Note which tracks somebody has finished with this tutorial; returns those that are new."""
    open_ones = Track.objects.published().filter(steps__tutorial=tutorial).exclude(completions__user=user)
    finished = [track for track in open_ones if finishers(track).filter(user=user).exists()]
    give([TrackCompletion(user=user, track=track) for track in finished])
    return finished


def complete_track_for_all(*, track: Track) -> int:
    """Note everybody who has finished a track, for when it is published or loses a step; returns how many are new."""
    has_it = TrackCompletion.objects.filter(track=track).values("user")
    rows = finishers(track).exclude(user__in=has_it)
    return give([TrackCompletion(user_id=row["user"], track=track) for row in rows.iterator(BATCH)])


def finishers(track: Track) -> QuerySet[TutorialProgress, dict[str, Any]]:
    """Those who finished every tutorial of a track, and passed the quizzes if it wants that: rows with "user"."""
    steps = track.steps.filter(is_published("tutorial__"))
    done = TutorialProgress.objects.finished().filter(tutorial__in=steps.values("tutorial"))
    if track.quizzes_required:
        passed = QuizAttempt.objects.filter(user=OuterRef("user"), tutorial=OuterRef("tutorial"), passed=True)
        done = done.filter(Q(tutorial__quiz__isnull=True) | Exists(passed))
    wanted = max(1, steps.count())
    rows: Any = done.order_by().values("user").annotate(done=Count("pk")).filter(done=wanted)
    return rows  # type: ignore[no-any-return]  # the plugin loses its way after annotate


def give(rows: Sequence[Model]) -> int:
    """Add those that are not there yet; returns how many were given.

    Somebody else's hand may be quicker: then the constraint keeps one of the two.
    """
    for batch in (rows[start : start + BATCH] for start in range(0, len(rows), BATCH)):
        type(batch[0])._default_manager.bulk_create(batch, ignore_conflicts=True)
    return len(rows)
