"""Empty the contents of the providers' events that were applied long ago."""

from typing import Any

from django.core.management.base import BaseCommand

from billing.services.forgetting import forget_contents


class Command(BaseCommand):
    help = "Empty what Stripe and PayPal told more than 90 days ago; that they did stays. Runs by the clock."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        forgotten = forget_contents()
        if verbosity:
            self.stdout.write(f"Events emptied: {forgotten}.")
