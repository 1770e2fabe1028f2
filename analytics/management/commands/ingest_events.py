"""Bring events from Valkey into the database: python manage.py ingest_events"""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis import RedisError

from analytics.models import DeadLetter
from analytics.pipeline.store import LATER
from analytics.services.ingesting import Consumer, replay
from common import metrics


class Command(BaseCommand):
    help = (
        "Bring events from Valkey into the database, until it is told to stop. Several may run at once. `manage.py up`"
        " starts one; elsewhere it is a service beside worker and beat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--once", action="store_true", help="take what there is, and end")
        which.add_argument(
            "--dead-letters", action="store_true", help="show what the database refused, and why, and end"
        )
        which.add_argument("--replay", action="store_true", help="try what the database refused again, and end")

    def handle(self, *args: Any, once: bool, dead_letters: bool, replay: bool, **options: Any) -> None:
        """Raises CommandError where Valkey or the database is away, unless it is to go on."""
        if not (once or dead_letters or replay):
            self.go_on()
            return
        try:
            if once:
                self.stdout.write(f"{Consumer(taken_over_after=0).empty():,} events taken.")
            elif replay:
                self.replay()
            else:
                self.show()
        except (RedisError, *LATER) as error:
            raise CommandError(f"Valkey or the database does not answer: {error}") from error

    def go_on(self) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        metrics.report_as("events")
        Consumer().run(stop)

    def show(self) -> None:
        for letter in DeadLetter.objects.iterator():
            self.stdout.write(f"{letter}: {bytes(letter.line)!r}")

    def replay(self) -> None:
        stored, refused = replay()
        self.stdout.write(f"{stored:,} stored; {refused:,} are still refused.")
