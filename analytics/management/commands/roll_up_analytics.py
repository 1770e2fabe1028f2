"""Count what came in, and let go of events that are old enough; or count days anew."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics.days import day_of
from analytics.services.retention import drop_months, forget_dead_letters
from analytics.services.rolling_up import Busy, Gone, rebuild, roll_up

MOST_NAMED = 7


class Command(BaseCommand):
    help = "Count the days in which events came in, and drop those older than ANALYTICS_MONTHS; or count days anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", type=day, help="count anew from this day on (2026-11-30)")
        parser.add_argument("--to", dest="last", type=day, help="up to this day; today unless told")
        parser.add_argument("--again", type=int, help="count once more so many seconds after the beginning")
        parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")

    def handle(self, *args: Any, first: date | None, last: date | None, verbosity: int, **options: Any) -> None:
        """Raises CommandError; what was counted before it stays counted."""
        now = timezone.now()
        if last and not first:
            raise CommandError("Say --from which day.")
        if first:
            counted, dropped = self.count_anew(first, last or day_of(now), now), []
        else:
            counted, dropped = self.count(again=options["again"]), list(drop_months(now))
            forget_dead_letters(now)
        if options["json"]:
            self.stdout.write(json.dumps({"counted": counted, "dropped": dropped}, default=str))
        elif verbosity:
            self.stdout.write(f"Counted {in_words(counted) or 'nothing: nothing came in'}.")
            if dropped:
                self.stdout.write(f"Dropped the events of {', '.join(f'{month:%B %Y}' for month in dropped)}.")

    def count_anew(self, first: date, last: date, now: datetime) -> list[date]:
        if last < first:
            raise CommandError("The last day is before the first.")
        try:
            return list(rebuild(first, last, now))
        except Gone as error:
            raise CommandError(f"Nothing was counted: the events of {in_words(error.days)} are gone.") from error
        except Busy as error:
            raise CommandError(str(error)) from error

    def count(self, *, again: int | None) -> list[date]:
        """Whoever comes in the middle of another's counting has nothing to do."""
        next_at = time.monotonic() + (again or 0)
        days: list[date] = []
        for is_last in (True,) if again is None else (False, True):
            try:
                done = roll_up()
            except Busy as error:
                self.stderr.write(str(error))
            else:
                days += done.days
                if done.gone:
                    self.stderr.write(f"Not counted, since all other events are gone: {in_words(done.gone)}.")
            if not is_last:
                # Beat comes once a minute only, and what happened is to be shown within one.
                time.sleep(max(0.0, next_at - time.monotonic()))
        return list(dict.fromkeys(days))


def day(text: str) -> date:
    return date.fromisoformat(text)


def in_words(days: Sequence[date]) -> str:
    """Empty for none."""
    if len(days) <= MOST_NAMED:
        return ", ".join(map(str, days))
    return f"{len(days)} days from {min(days)} to {max(days)}"
