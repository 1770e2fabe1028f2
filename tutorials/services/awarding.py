"""Giving people what they have earned, once and only once: finished tracks with certificates, and achievements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from tutorials import metrics
from tutorials.models import (
    Achievement,
    Award,
    Certificate,
    QuizAttempt,
    Track,
    TrackCompletion,
    Tutorial,
    TutorialProgress,
)
from tutorials.querysets import CompletionQuerySet, has_news, is_published

BATCH = 1000


@dataclass(frozen=True)
class News:
    """What somebody has earned and was not told of yet."""

    awards: list[Award] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.awards or self.certificates)


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


def announce(*, user: User) -> News:
    """What somebody has earned and was not told of yet; with this they are, once, even on two pages at once."""
    if not User.objects.filter(has_news(user.pk), pk=user.pk).exists():
        return News()
    with transaction.atomic():
        return News(
            take(Award.objects.of(user).unseen()),
            take(Certificate.objects.of(user).unseen()),
        )


def take(unseen: QuerySet[Any]) -> list[Any]:
    """Those of these rows that no other page is telling of at this moment; they are seen now."""
    taken = list(unseen.select_for_update(of=("self",), skip_locked=True))
    unseen.model._default_manager.filter(pk__in=[each.pk for each in taken]).update(seen_at=timezone.now())
    return taken


def award_to_all(*, achievement: Achievement) -> int:
    """Give an achievement to everybody who has earned it already; returns to how many it was new."""
    metric = metrics.registered.get(achievement.rule)
    if metric is None or not achievement.is_active:
        return 0
    has_it = Award.objects.filter(achievement=achievement).values("user")
    earners = metric.values(None).filter(value__gte=achievement.threshold).exclude(user__in=has_it)
    return give([Award(user_id=row["user"], achievement=achievement) for row in earners.iterator(BATCH)])


def complete_tracks(*, user: User, tutorial: Tutorial) -> list[Certificate]:
    """Note which tracks somebody has finished with this tutorial; returns the certificates of those that are new."""
    open_ones = Track.objects.published().filter(steps__tutorial=tutorial).exclude(completions__user=user)
    finished = [track for track in open_ones if finishers(track).filter(user=user).exists()]
    if not finished:
        return []
    give([TrackCompletion(user=user, track=track) for track in finished])
    certify(TrackCompletion.objects.filter(user=user, track__in=finished))
    return list(Certificate.objects.of(user).filter(track__in=finished).select_related("track"))


def complete_track_for_all(*, track: Track) -> int:
    """Note everybody who has finished a track, for when it is published or loses a step; returns how many are new.

    Each of them gets a certificate.
    """
    has_it = TrackCompletion.objects.filter(track=track).values("user")
    rows = finishers(track).exclude(user__in=has_it)
    new = give([TrackCompletion(user_id=row["user"], track=track) for row in rows.iterator(BATCH)])
    certify(TrackCompletion.objects.filter(track=track))
    return new


def certify(completions: CompletionQuerySet) -> int:
    """Give the certificates that are due for these finished tracks; returns how many were new."""
    due = completions.without_certificate().with_facts().select_related("user__profile", "track")
    return give([certificate_of(each) for each in due.iterator(BATCH)])


def certificate_of(completion: Any) -> Certificate:
    """What is so now, from a row `with_facts`; quizzes count where the track asks for them."""
    profile, track = completion.user.profile, completion.track
    return Certificate(
        user=completion.user,
        track=track,
        title=track.title,
        name=profile.shown_name,
        finished_on=completion.completed_at.astimezone(ZoneInfo(profile.time_zone)).date(),
        tutorials=completion.tutorials,
        minutes=completion.minutes,
        quizzes=completion.quizzes if track.quizzes_required else 0,
    )


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
