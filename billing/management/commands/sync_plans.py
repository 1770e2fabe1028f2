"""Tell the payment providers of our plans and prices."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.gateways import ready_gateways
from billing.gateways.base import ProviderError
from billing.services.offers import sync_plans


class Command(BaseCommand):
    help = "Create or update products, prices and plans at Stripe and PayPal; again does nothing more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Raises CommandError if no provider is set up, or if one fails."""
        if not ready_gateways():
            raise CommandError("No payment provider is set up: set its keys first (docs/billing.md).")
        try:
            lines = sync_plans(dry_run=dry_run)
        except ProviderError as error:
            raise CommandError(f"A provider failed, what was done before stays done: {error}") from error
        for line in lines:
            self.stdout.write(line)
        self.stdout.write(f"{'To do' if dry_run else 'Done'}: {len(lines)}.")
