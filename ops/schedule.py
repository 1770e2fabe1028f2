"""The times at which beat runs commands, as config.celery has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Entry:
    """A command with its arguments, and when it runs (UTC)."""

    command: str
    arguments: tuple[str, ...]
    # A celery.schedules.crontab; its sets of minutes, hours and so on are not in the stubs.
    times: Any

    @property
    def line(self) -> str:
        """As one gives it to manage.py."""
        return " ".join((self.command, *self.arguments))

    def latest_slot(self, now: datetime) -> datetime:
        """The last time at or before `now` at which it should have begun."""
        moment = now.astimezone(UTC).replace(second=0, microsecond=0)
        while True:
            if not self.is_day(moment):
                moment = moment.replace(hour=0, minute=0) - MINUTE
            elif moment.hour not in self.times.hour:
                moment = moment.replace(minute=0) - MINUTE
            elif moment.minute not in self.times.minute:
                moment -= MINUTE
            else:
                return moment

    def is_day(self, moment: datetime) -> bool:
        return (
            moment.day in self.times.day_of_month
            and moment.month in self.times.month_of_year
            and moment.isoweekday() % 7 in self.times.day_of_week
        )


def entries() -> dict[str, Entry]:
    """By command; each has one."""
    found = {}
    for entry in current_app.conf.beat_schedule.values():
        command, *arguments = entry["args"]
        found[command] = Entry(command, tuple(arguments), entry["schedule"])
    return found
