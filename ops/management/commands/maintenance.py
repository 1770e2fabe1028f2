"""Close the site, or open it again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from ops import maintenance


class Command(BaseCommand):
    help = "Close the site with a page that says so, or open it again; works without the database."
    # It may be needed when nothing else works.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("state", choices=("on", "off", "status"))
        parser.add_argument(
            "--minutes", type=int, default=maintenance.DEFAULT_MINUTES, help="how long it will take (default: 15)"
        )
        parser.add_argument("--reason", default="", help="a sentence for everybody who comes meanwhile")

    def handle(self, *args: Any, state: str, minutes: int, reason: str, **options: Any) -> None:
        """Raises CommandError if the flag cannot be set or taken away, or if what is to be said is unfit."""
        try:
            if state == "on":
                maintenance.begin(reason, minutes)
            elif state == "off" and not maintenance.end():
                self.stdout.write("There was no maintenance.")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except OSError as error:
            raise CommandError(f"{maintenance.flag()}: {error.strerror}. Nothing has changed.") from error
        self.stdout.write(describe(maintenance.current()))


def describe(now: maintenance.Maintenance | None) -> str:
    if now is None:
        return "The site is open."
    because = f" ({now.reason})" if now.reason else ""
    return f"The site is closed since {now.since:%Y-%m-%d %H:%M} UTC, as planned until {now.until:%H:%M} UTC{because}."
