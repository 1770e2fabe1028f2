"""Forget what accounts keep for a time only."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import forgetting


class Command(BaseCommand):
    help = (
        "Forget the login history and ended sessions after 180 days, and files of exported data after 7."
        " Runs by the clock, every night."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        done = forgetting.forget_old()
        if verbosity:
            self.stdout.write(
                f"{done.entries} entries of the login history, {done.sessions} sessions"
                f" and {done.exports} exports forgotten."
            )
