"""What staff do with achievements."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from common.queueing import offer
from tutorials.models import Achievement
from tutorials.tasks import award_achievement

logger = logging.getLogger(__name__)


@transaction.atomic
def save_achievement(*, by: User, achievement: Achievement) -> Achievement:
    """Make or change an achievement; those who have earned it already get it soon.

    Raises ValidationError by field, PermissionDenied.
    """
    right = "tutorials.add_achievement" if achievement.pk is None else "tutorials.change_achievement"
    if not (by.acts_as_staff and by.has_perm(right)):
        raise PermissionDenied("Only staff may change achievements.")
    achievement.full_clean()
    achievement.save()
    transaction.on_commit(lambda: give_soon(achievement))
    return achievement


def give_soon(achievement: Achievement) -> None:
    """By a worker: there may be many who have earned it."""
    offer(award_achievement, achievement.pk, otherwise=f"the achievement {achievement.code} is given out tonight only")
