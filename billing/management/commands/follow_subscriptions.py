"""Do what the time brings about: reminders, ends, pauses that are over, checkouts that nobody finished."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from billing.services import contracts, following, invitations, reminding


class Command(BaseCommand):
    help = (
        "End subscriptions that are not paid or whose cancellation is due, go on with those whose pause is over, close"
        " old checkouts, look at what the providers have not told us, and remind members. Runs by the clock."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        """A provider that is away, or one subscription that fails, is for the next run; the log says why."""
        now = timezone.now()
        run = following.follow_due(now)
        reminded = reminding.remind_due(now) + contracts.remind_of_contracts()
        invitations.forget_invitations()
        if verbosity:
            self.stdout.write(
                f"{reminded} reminded, {run.ended} ended without a payment, {run.cancelled} ended as wished,"
                f" {run.continued} gone on after a pause, {run.closed} checkouts closed, {run.looked_at} looked at,"
                f" {run.failed} failed."
            )
        for provider in sorted(run.away):
            self.stdout.write(f"{provider} does not answer; the next run tries again.")
