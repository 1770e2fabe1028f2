"""Each command once for each time of its schedule, with a record of how it went."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from common.database import delete_in_batches
from common.scrubbing import scrub_text
from ops.models import ScheduledRun
from ops.models.runs import LONGEST_ERROR

KEPT_DAYS = 7


def claim(*, command: str, slot: datetime, task_id: str) -> ScheduledRun | None:
    """The run that is to be done now, or None if another has done it, or is about to.

    One that was begun and never ended is taken over by the same message, which the broker delivers again when its
    worker has died, or by any after the time within which the broker does that.
    """
    now = timezone.now()
    # Two beats come at the same moment, each minute; PostgreSQL is not to complain of that in its log.
    ScheduledRun.objects.bulk_create(
        [ScheduledRun(command=command, slot=slot, task_id=task_id, begun_at=now)], ignore_conflicts=True
    )
    run = ScheduledRun.objects.get(command=command, slot=slot)
    given_up = now - timedelta(seconds=settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"])
    unfinished = ScheduledRun.objects.filter(pk=run.pk, ended_at=None)
    if not unfinished.filter(Q(task_id=task_id) | Q(begun_at__lt=given_up)).update(task_id=task_id, begun_at=now):
        return None
    run.task_id, run.begun_at = task_id, now
    return run


def finish(run: ScheduledRun, error: Exception | None = None) -> None:
    run.ended_at = timezone.now()
    run.error = scrub_text(f"{type(error).__name__}: {error}")[:LONGEST_ERROR] if error else ""
    run.save(update_fields=["ended_at", "error"])


def forget_old() -> int:
    """Delete the records of runs of more than seven days ago; the last good one of each command stays."""
    return delete_in_batches(ScheduledRun.objects.older_than(timezone.now() - timedelta(days=KEPT_DAYS)))
