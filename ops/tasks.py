"""Background work of operations."""

import logging

from celery import shared_task
from django.core.management import call_command

from ops import maintenance

logger = logging.getLogger(__name__)

# Beat may only run what is listed here, so that a message in the broker is no shell.
PERIODIC_COMMANDS = frozenset(
    {
        "apply_events",
        "award_achievements",
        "check_counters",
        "clean_images",
        "clearsessions",
        "count_search_words",
        "erase_accounts",
        "follow_subscriptions",
        "forget_events",
        "forget_notifications",
        "forget_old_logins",
        "mirror_stripe",
        "raise_trust",
        "reconcile_billing",
        "resume_exports",
        "send_notifications",
    }
)


@shared_task
def run_command(name: str, *arguments: str) -> None:
    """Run a periodic management command, unless the site is closed. Raises ValueError for any other."""
    if name not in PERIODIC_COMMANDS:
        raise ValueError(f"{name} is not a periodic command")
    if maintenance.current() is not None:
        # The database may be in the middle of being replaced. What matters catches up at its next time.
        logger.info("%s waits for the end of the maintenance", name)
        return
    call_command(name, *arguments)
