"""Fill an empty development database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ops.demo import seed_demo


class Command(BaseCommand):
    help = "Fill an empty database with the real tutorials and a lively community of made-up members. Only with DEBUG."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        """Raises CommandError outside DEBUG, where known passwords must not exist."""
        if not settings.DEBUG:
            raise CommandError("seed_demo makes people with a known password, so it works only with DEBUG.")
        count = seed_demo()
        if count:
            self.stdout.write(f"Imported {count} tutorials, and made the demo around them.")
        elif verbosity:
            self.stdout.write("There is content already; nothing was changed.")
