"""Make the exports of data that were asked for and got lost on the way."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import exports


class Command(BaseCommand):
    help = "Queue exports again that were asked for 20 minutes ago and are not made. Runs by the clock."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        count = exports.resume()
        if verbosity:
            self.stdout.write(f"{count} exports queued again.")
