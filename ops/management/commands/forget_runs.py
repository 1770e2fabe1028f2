"""Forget when commands ran by the clock."""

from typing import Any

from django.core.management.base import BaseCommand

from ops.services import runs


class Command(BaseCommand):
    help = (
        "Forget after 7 days what ran by the clock; the last good run of each command stays."
        " Runs by the clock, every night."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        count = runs.forget_old()
        if verbosity:
            self.stdout.write(f"Runs forgotten: {count}.")
