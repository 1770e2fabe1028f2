"""Count what came in, and let go of events that are old enough; or count days anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics.days import day_of
from analytics.services.retention import drop_months
from analytics.services.rolling_up import Busy, Gone, rebuild, roll_up

MOST_NAMED = 7


class Command(BaseCommand):
    help = "Count the days in which events came in, and drop those older than ANALYTICS_MONTHS; or count days anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", type=day, help="count anew from this day on (2026-11-30)")
        parser.add_argument("--to", dest="last", type=day, help="up to this day; today unless told")
        parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")

    def handle(self, *args: Any, first: date | None, last: date | None, verbosity: int, **options: Any) -> None:
        """Raises CommandError; what was counted before it stays counted.

        Whoever comes in the middle of another's counting has nothing to do, unless days are to be counted anew.
        """
        now = timezone.now()
        if last and not first:
            raise CommandError("Say --from which day.")
        last = last or day_of(now)
        if first and last < first:
            raise CommandError("The last day is before the first.")
        try:
            counted = list(rebuild(first, last, now)) if first else self.count(verbosity)
        except Gone as error:
            raise CommandError(f"Nothing was counted: the events of {in_words(error.days)} are gone.") from error
        except Busy as error:
            if first:
                raise CommandError(str(error)) from error
            self.stdout.write(str(error))
            return
        dropped = [] if first else list(drop_months(now))
        if options["json"]:
            self.stdout.write(json.dumps({"counted": counted, "dropped": dropped}, default=str))
        elif verbosity:
            self.stdout.write(f"Counted {in_words(counted) or 'nothing: nothing came in'}.")
            if dropped:
                self.stdout.write(f"Dropped the events of {', '.join(f'{month:%B %Y}' for month in dropped)}.")

    def count(self, verbosity: int) -> list[date]:
        done = roll_up()
        if done.gone and verbosity:
            self.stderr.write(f"Events came in for days whose others are gone, not counted: {in_words(done.gone)}.")
        return done.days


def day(text: str) -> date:
    return date.fromisoformat(text)


def in_words(days: Sequence[date]) -> str:
    """Empty for none."""
    if len(days) <= MOST_NAMED:
        return ", ".join(map(str, days))
    return f"{len(days)} days from {min(days)} to {max(days)}"
