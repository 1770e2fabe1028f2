"""Delete what was told long ago."""

from typing import Any

from django.core.management.base import BaseCommand

from community.services.forgetting import KEPT, KEPT_READ, forget


class Command(BaseCommand):
    help = (
        f"Delete notifications {KEPT_READ.days} days after they were read or {KEPT.days} after they were made, and "
        f"mails about them after {KEPT_READ.days}; for every day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        notifications, mails = forget()
        self.stdout.write(f"{notifications} notifications and {mails} mails forgotten.")
