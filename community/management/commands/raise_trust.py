"""Bring trust levels up to date: time passes, and what was hidden long ago is forgiven."""

from typing import Any

from django.core.management.base import BaseCommand

from community.services.trust import promote_all


class Command(BaseCommand):
    help = "Give members the trust levels that they have earned or lost; for every day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{promote_all()} trust levels changed.")
