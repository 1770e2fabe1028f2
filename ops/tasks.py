"""Background work of operations."""

from celery import shared_task
from django.core.management import call_command

from ops.gateways.processes import start_command

# Beat may only run what is listed here, so that a message in the broker is no shell.
PERIODIC_COMMANDS = frozenset(
    {
        "apply_events",
        "archive_logs",
        "award_achievements",
        "backup",
        "check_backups",
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
    """Run a periodic management command. Raises ValueError for any other."""
    if name not in PERIODIC_COMMANDS:
        raise ValueError(f"{name} is not a periodic command")
    call_command(name, *arguments)


@shared_task
def prove_backup(name: str) -> None:
    """Begin to verify a backup, in a process of its own: that may take longer than a task."""
    start_command("verify_backup", name, "--verbosity=0")
