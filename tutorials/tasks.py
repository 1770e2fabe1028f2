"""Background work of tutorials."""

from __future__ import annotations

from celery import shared_task

from tutorials.models import Achievement
from tutorials.services import awarding


@shared_task
def award_achievement(achievement_id: int) -> None:
    """Give an achievement to all who have earned it. Twice does no harm."""
    achievement = Achievement.objects.filter(pk=achievement_id).first()
    if achievement is not None:
        awarding.award_to_all(achievement=achievement)
