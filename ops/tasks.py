"""Background work of operations."""

import logging
from collections.abc import Sequence
from uuid import uuid4

from celery import Task, shared_task
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone

from common.database import only_one, own_connection, patient
from ops import maintenance, schedule
from ops.models import ScheduledRun
from ops.services import runs
from ops.services.backups.nightly import start_proof

logger = logging.getLogger(__name__)

# Beat may only run what is listed here, so that a message in the broker is no shell.
PERIODIC_COMMANDS = frozenset(
    {
        "apply_events",
        "archive_logs",
        "award_achievements",
        "backup",
        "check_backups",
        "check_counters",
        "check_metrics",
        "check_system",
        "clean_images",
        "clearsessions",
        "count_search_words",
        "erase_accounts",
        "follow_subscriptions",
        "forget_events",
        "forget_notifications",
        "forget_old_logins",
        "forget_runs",
        "mirror_stripe",
        "raise_trust",
        "reconcile_billing",
        "resume_exports",
        "roll_up_analytics",
        "send_notifications",
        "send_weekly_analytics",
        "verify_backup",
    }
)


@shared_task(bind=True)
def run_command(self: Task, name: str, *arguments: str) -> None:
    """Run a periodic management command, once for each time of its schedule, unless the site is closed.

    It does not run beside itself. Its statements may take as long as they need, as where it is run by hand.
    Raises ValueError for any other command, and what the command raises.
    """
    if name not in PERIODIC_COMMANDS:
        raise ValueError(f"{name} is not a periodic command")
    if maintenance.current() is not None:
        # The database may be in the middle of being replaced. What matters catches up at its next time.
        logger.info("%s waits for the end of the maintenance", name)
        return
    # On a connection of its own: the command may close Django's, and another message must not run it beside itself. The
    # broker delivers this one again where it takes longer than it waits.
    with own_connection() as mine, only_one(mine.cursor(), f"run_command:{name}") as is_ours:
        if is_ours:
            run_for_its_time(name, arguments, task_id=self.request.id or uuid4().hex)
        else:
            logger.info("%s is still at work", name)


def run_for_its_time(name: str, arguments: Sequence[str], *, task_id: str) -> None:
    slot = schedule.entries()[name].latest_slot(timezone.now())
    run = runs.claim(command=name, slot=slot, task_id=task_id)
    if run is None:
        logger.info("%s has run for %s", name, slot)
        return
    try:
        with patient():
            call_command(name, *arguments)
    except Exception as error:
        record_failure(run, error)
        raise
    runs.finish(run)


def record_failure(run: ScheduledRun, error: Exception) -> None:
    try:
        runs.finish(run, error)
    except DatabaseError as another:
        # Which may be what the command died of; that is to be raised, not this.
        logger.error("how %s ended cannot be recorded: %s", run.command, another)


@shared_task
def prove_backup(name: str) -> None:
    """Begin to verify a backup, in a process of its own: that may take longer than a task."""
    start_proof(name)
