"""Send what people are to be told by mail."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from community.services import announcing, mailing


class Command(BaseCommand):
    help = (
        "Tell of texts and likes that no worker has told of, make the mails about notifications that are due, and take"
        " up those that were lost. Runs by the clock, every minute."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        told = announcing.announce_forgotten()
        sent = mailing.send_due(timezone.now())
        if verbosity:
            self.stdout.write(
                f"{told} texts told of, {sent.made} mails made, {sent.resumed} taken up again, {sent.unclear} unclear."
            )
