"""Erase the accounts whose owners asked for it and have thought it over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services import erasure


class Command(BaseCommand):
    help = "Erase everybody whose 14 days after asking for it are over. Runs by the clock, every hour."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        """Raises CommandError if somebody could not be erased; the others are."""
        outcome = erasure.erase_due()
        if verbosity:
            self.stdout.write(f"{outcome.erased} erased.")
        if outcome.failed:
            raise CommandError(f"{outcome.failed} not erased; the log says why. The next run tries again.")
