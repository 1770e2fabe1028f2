"""Have load balancers send no more traffic to this machine, before it stops."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops import draining


class Command(BaseCommand):
    help = "Have /readyz of this machine answer 503, so that load balancers send it nothing more, or 200 again."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("state", choices=("on", "off", "status"))

    def handle(self, *args: Any, state: str, **options: Any) -> None:
        """Raises CommandError if the flag cannot be set or taken away."""
        try:
            if state == "on":
                draining.begin()
            elif state == "off":
                draining.end()
        except OSError as error:
            raise CommandError(f"{draining.flag()}: {error.strerror}. Nothing has changed.") from error
        self.stdout.write("No new traffic." if draining.is_draining() else "Traffic is taken.")
