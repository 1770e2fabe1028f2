"""Apply what the providers told us and no worker has applied yet."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.services.applying import apply_due

MOST, SECONDS = 1_000, 50


class Command(BaseCommand):
    help = "Apply the providers' events that wait and may be tried (again). Runs by the clock, every minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--most", type=int, default=MOST, help=f"subscriptions in this run; {MOST} unless told")

    def handle(self, *args: Any, most: int, verbosity: int, **options: Any) -> None:
        # Another run begins in a minute.
        applied = apply_due(most=most, seconds=SECONDS)
        if verbosity:
            self.stdout.write(f"{applied} events applied.")
