"""Whether we know of subscriptions what the providers do: python manage.py reconcile_billing [--dry-run]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.gateways import ready_gateways
from billing.models import Provider
from billing.services.reconciling import Report, reconcile


class Command(BaseCommand):
    help = (
        "Compare each live subscription with its provider's truth, tell of every difference, and repair it; keep events"
        " that never came. Runs by the clock, every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="tell of what differs, and change nothing")
        parser.add_argument("--provider", choices=Provider.values, help="only this one")
        parser.add_argument(
            "--seconds", type=float, help="begin no other subscription after that; the rest comes first the next time"
        )

    def handle(
        self, *args: Any, dry_run: bool, provider: str | None, seconds: float | None, verbosity: int, **options: Any
    ) -> None:
        """Raises CommandError if a provider, or a subscription, could not be asked, and not if something differed."""
        gateways = [gateway for gateway in ready_gateways() if provider in (None, gateway.provider)]
        if not gateways:
            self.stdout.write("No provider is set up, so there is nothing to compare.")
            return
        troubles = []
        for gateway in gateways:
            report = reconcile(gateway, rehearse=dry_run, seconds=seconds / len(gateways) if seconds else None)
            if verbosity:
                self.show(report, dry_run=dry_run)
            troubles += troubles_of(report)
        if troubles:
            raise CommandError(" ".join(troubles))

    def show(self, report: Report, *, dry_run: bool) -> None:
        for line in report.lines:
            self.stdout.write(line)
        left = f", {report.left} left for the next run" if report.left else ""
        self.stdout.write(
            f"{report.provider.label}: {report.compared} compared, {report.drifted}"
            f" {'differ' if dry_run else 'differed'}, {report.not_ours} not ours, {report.lost_events} events never"
            f" came{left}.{' Nothing was changed.' if dry_run else ''}"
        )


def troubles_of(report: Report) -> list[str]:
    troubles = []
    if report.away:
        troubles.append(f"{report.provider.label} does not answer as it should: {report.away}.")
    if report.failed:
        troubles.append(f"{report.failed} at {report.provider.label} could not be compared; the log says why.")
    return troubles
