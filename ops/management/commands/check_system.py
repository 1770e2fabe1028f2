"""Look what is wrong, and tell staff of it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ops.services import watching


class Command(BaseCommand):
    help = (
        "Look what is wrong with the platform; log and mail to ADMINS what has begun and what is over."
        " Runs by the clock, every minute."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--catch-up", action="store_true", help="also queue again what was missed by the clock")

    def handle(self, *args: Any, verbosity: int, catch_up: bool, **options: Any) -> None:
        queued = watching.catch_up() if catch_up else []
        found = watching.check(caught_up=queued)
        if not verbosity:
            return
        for command in queued:
            self.stdout.write(f"{command} had no run for its last time, and is queued again.")
        for problem in found or []:
            self.stdout.write(f"{problem.text} {problem.remedy}")
        self.stdout.write("Another check is under way." if found is None else f"{len(found)} problems.")
