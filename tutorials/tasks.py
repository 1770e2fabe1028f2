"""Background work of tutorials."""

from __future__ import annotations

from celery import shared_task

from tutorials.models import Achievement, Track
from tutorials.services import awarding


@shared_task
def award_achievement(achievement_id: int) -> None:
    """Give an achievement to all who have earned it. Twice does no harm."""
    achievement = Achievement.objects.filter(pk=achievement_id).first()
    if achievement is not None:
        awarding.award_to_all(achievement=achievement)


@shared_task
def complete_track(track_id: int) -> None:
    """Note all who have finished a track. Twice does no harm."""
    track = Track.objects.published().filter(pk=track_id).first()
    if track is not None:
        awarding.complete_track_for_all(track=track)
