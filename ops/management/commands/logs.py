"""Look into the log from a terminal."""

from __future__ import annotations

import json
import logging
import time
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from common.logging import ConsoleFormatter
from ops.models import Level, SystemLog
from ops.services.log_search import Wish, find

POLL = 0.5  # seconds
# Records of several processes do not come in the order in which they were said.
LATE = timedelta(seconds=10)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """`15m`, `2h`, `7d` ago, `2026-11-30`, or `2026-11-30T10:15:00+01:00`; without an offset it is UTC."""
    try:
        if text[:-1].isdigit() and text[-1:] in UNITS:
            return timezone.now() - timedelta(**{UNITS[text[-1]]: int(text[:-1])})
        day, at = parse_date(text), parse_datetime(text)
    except (OverflowError, ValueError) as error:
        raise ArgumentTypeError(f"there is no such time: {error}") from error
    if at is None and day is not None:
        at = datetime.combine(day, datetime.min.time())
    if at is None:
        raise ArgumentTypeError("say it as 15m, 2h or 7d (ago), 2026-11-30, or 2026-11-30T10:15:00+00:00")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Show, search and follow the log, also in days that are archived."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="?", default="", help="in the message or the exception")
        parser.add_argument("--since", type=moment, default="1h", help="such as 15m, 2h, 7d or a date; 1h unless told")
        parser.add_argument("--until", type=moment, help="now unless told")
        parser.add_argument("--level", choices=[level.label for level in Level], default="info", help="this and above")
        parser.add_argument("--request", default="", help="the X-Request-ID of an answer, or how it begins")
        parser.add_argument("--user", type=int, help="the number of a person")
        parser.add_argument("--logger", default="", help="such as billing, or billing.services")
        parser.add_argument("--follow", "-f", action="store_true", help="go on with what comes, until interrupted")
        parser.add_argument("--json", action="store_true", help="one object a line, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        wish = Wish(
            since=options["since"],
            until=options["until"] or datetime.max.replace(tzinfo=UTC),
            level=next(level for level in Level if level.label == options["level"]),
            text=options["text"],
            request_id=options["request"],
            user_id=options["user"],
            logger=options["logger"],
        )
        self.show_json = options["json"]
        self.formatter = ConsoleFormatter(colours=self.stdout.isatty())
        shown = {}
        for record in find(wish):
            self.show(record)
            if options["follow"]:
                shown[record.pk] = record.created_at
        while options["follow"]:
            time.sleep(POLL)
            since = timezone.now() - LATE
            shown = {pk: at for pk, at in shown.items() if at > since - LATE}
            for record in wish.records().filter(created_at__gt=since).exclude(pk__in=shown):
                self.show(record)
                shown[record.pk] = record.created_at

    def show(self, record: SystemLog) -> None:
        self.stdout.write(json.dumps(as_object(record), ensure_ascii=False) if self.show_json else self.line(record))

    def line(self, record: SystemLog) -> str:
        said = logging.makeLogRecord(
            {
                "name": record.logger,
                "levelno": record.level,
                "levelname": record.get_level_display().upper(),
                "created": record.created_at.timestamp(),
                "entry": {name: value for name, value in as_object(record).items() if value not in ("", None, {})},
            }
        )
        return f"{record.created_at:%Y-%m-%d} {self.formatter.format(said)}"


def as_object(record: SystemLog) -> dict[str, Any]:
    return {
        "time": record.created_at.isoformat(),
        "level": record.get_level_display(),
        "logger": record.logger,
        "message": record.message,
        "request_id": record.request_id,
        "user_id": record.user_id,
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "duration_ms": record.duration_ms,
        "task": record.task,
        "process": record.process,
        "context": record.context,
        "exception": record.exception,
        "id": str(record.pk),
    }
