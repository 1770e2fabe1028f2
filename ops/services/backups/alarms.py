"""Saying aloud that something is wrong with the backups, and not every hour the same."""

from __future__ import annotations

import logging

from django.core.cache import cache
from redis import RedisError

from ops.emails import send_backup_alarm
from ops.services.backups.standing import problems, standing

logger = logging.getLogger(__name__)

KEY = "backup-alarm"
KIND = 20  # characters of a problem, which are the same each time
SILENCE = 20 * 60 * 60  # seconds in which the same problems are not mailed again


def check_backups() -> list[str]:
    """The problems, each an error in the log; mailed to ADMINS when they are new, and once a day."""
    found = problems()
    for problem in found:
        logger.error("backups: %s", problem)
    if is_news(found):
        send_backup_alarm(found, standing().sentence)
    return found


def is_news(found: list[str]) -> bool:
    """Whether these were not mailed lately. They are compared by their kinds: an age grows from hour to hour."""
    kinds = sorted(problem[:KIND] for problem in found)
    try:
        known = cache.get(KEY)
        if not found:
            cache.delete(KEY)
        elif known != kinds:
            cache.set(KEY, kinds, SILENCE)
    except RedisError:
        return bool(found)
    return bool(found) and known != kinds
