"""Copy Stripe's objects for staff to look at."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.gateways import gateway_of
from billing.gateways.base import ProviderError
from billing.models import Provider
from billing.services.mirroring import mirror_changed


class Command(BaseCommand):
    help = "Copy what may have changed at Stripe (customers, cards, invoices, charges) for the admin."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        """Without Stripe there is nothing to do. Raises CommandError if Stripe fails; the next run goes on."""
        if not gateway_of(Provider.STRIPE).is_ready():
            return
        try:
            mirrored = mirror_changed()
        except ProviderError as error:
            raise CommandError(f"Stripe could not be copied to the end: {error}") from error
        if verbosity:
            self.stdout.write(f"Subscriptions copied: {mirrored}.")
