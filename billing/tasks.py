"""Background work of billing."""

from __future__ import annotations

from celery import shared_task

from billing.services import applying
from common.queueing import answer

SECONDS = 50  # what is left then is done by the next who rings, or by the clock within a minute


@shared_task
def apply_events(bell: int) -> None:
    """Apply what the providers have told and nobody has applied yet."""
    answer(apply_events, bell)
    applying.apply_due(seconds=SECONDS)
