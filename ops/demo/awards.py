"""Tracks that members have finished, with their certificates, and achievements that they have earned.

Who has them is decided by tutorials.services.awarding; only when it was is told from what they did.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ops.demo.learning import Journal
from ops.demo.people import People
from ops.demo.season import DAY, Season
from tutorials.models import Achievement, Award, Certificate, QuizAttempt, Track, TrackCompletion, TutorialProgress
from tutorials.services import awarding

# Of what they earned since then, people are told when they come next.
UNSEEN = timedelta(days=1)


def give_awards(season: Season, people: People, journal: Journal) -> None:
    for track in Track.objects.published():
        awarding.complete_track_for_all(track=track)
    date_completions(season, journal)
    date_certificates(season)
    for achievement in Achievement.objects.filter(is_active=True):
        awarding.award_to_all(achievement=achievement)
    date_awards(season, people, journal)


def date_completions(season: Season, journal: Journal) -> None:
    """With the last of what the track asks for."""
    finished: dict[tuple[int, int], datetime] = {
        (user, tutorial): at or season.now
        for user, tutorial, at in TutorialProgress.objects.finished().values_list("user", "tutorial", "completed_at")
    }
    passed: dict[tuple[int, int], datetime] = {
        (user, tutorial): at
        for user, tutorial, at in QuizAttempt.objects.filter(passed=True)
        .order_by("-at")
        .values_list("user", "tutorial", "at")
    }
    steps = {track.pk: list(track.steps.values_list("tutorial", flat=True)) for track in Track.objects.published()}
    rows = list(TrackCompletion.objects.select_related("track"))
    for row in rows:
        keys = [(row.user_id, tutorial) for tutorial in steps[row.track_id]]
        moments = [finished[key] for key in keys if key in finished]
        if row.track.quizzes_required:
            moments += [passed[key] for key in keys if key in passed]
        row.completed_at = at = max(moments)
        journal.note("tracks_finished", row.user_id, at)
    # Of rows that are there already this changes the named columns, and is much quicker than bulk_update.
    TrackCompletion.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "track"], update_fields=["completed_at"]
    )


def date_certificates(season: Season) -> None:
    """With the day on which the track was finished, where its learner lives."""
    finished: dict[tuple[int, int | None], datetime] = {
        (user, track): at for user, track, at in TrackCompletion.objects.values_list("user", "track", "completed_at")
    }
    rows = list(Certificate.objects.select_related("user__profile"))
    for row in rows:
        row.issued_at = at = finished[row.user_id, row.track_id]
        row.finished_on = at.astimezone(ZoneInfo(row.user.profile.time_zone)).date()
        row.seen_at = at if at < season.now - UNSEEN else None
    Certificate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "track"],
        update_fields=["issued_at", "finished_on", "seen_at"],
    )


def date_awards(season: Season, people: People, journal: Journal) -> None:
    joined = {member.pk: member.joined for member in people.members}
    awards = list(Award.objects.select_related("achievement"))
    for award in awards:
        rule, threshold = award.achievement.rule, award.achievement.threshold
        reached = journal.reached(rule, award.user_id, threshold)
        if rule == "days_as_member":
            reached = joined[award.user_id] + threshold * DAY
        award.earned_at = reached or season.now
        award.seen_at = award.earned_at if award.earned_at < season.now - UNSEEN else None
    Award.objects.bulk_create(
        awards, update_conflicts=True, unique_fields=["user", "achievement"], update_fields=["earned_at", "seen_at"]
    )
