"""`from common.logging import logger`, then `logger.info("Member signed up", plan="premium")`.

Python's own `logging` underneath: what libraries say arrives in the same places. What is known of the request or task
in which something is said is bound to it by itself, and secrets are masked before it is written (common.scrubbing).

Read while logging is set up, before any app: it imports nothing that needs one.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NoReturn, TextIO

from common.json_texts import writer_of_json
from common.request_id import request_id
from common.scrubbing import scrub_exception, scrub_named, scrub_text

# What `logging` takes for itself; any other keyword is context.
OWN = frozenset({"exc_info", "stack_info", "stacklevel", "extra"})
# What every record has; what else stands on one was given as `extra`.
USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "context", "entry", "text"}
# Celery says in it once more what its messages say.
USUAL.add("data")
# Django gives it: its text has the query in it, where secrets are (common.middleware). Method and path are bound.
REQUEST = "request"
USUAL.add(REQUEST)
# What can be bound or given beside the message, and what it has to be.
PLACES: dict[str, type | tuple[type, ...]] = {
    "user_id": int,
    "method": str,
    "path": str,
    "status": int,
    "duration_ms": (int, float),
    "task": str,
}
COLOURS = {"DEBUG": "2", "INFO": "36", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;41"}

# Where in the code and in which thread something was said is shown nowhere; to find it out takes as long as to write it
# down (https://docs.python.org/3/howto/logging.html#optimization).
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
# What a record has that was given nothing beside its message.
BLANK = vars(logging.makeLogRecord({}))

# About the request or the task at hand: user_id, method, path, task. Shared by whoever runs within it.
bound: ContextVar[dict[str, Any] | None] = ContextVar("bound", default=None)


class ContextLogger(logging.LoggerAdapter[logging.Logger]):
    """Takes context as keyword arguments."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        own = {name: value for name, value in kwargs.items() if name in OWN}
        context = {name: value for name, value in kwargs.items() if name not in OWN}
        own["extra"] = {**(own.get("extra") or {}), "context": context}
        return msg, own


logger = ContextLogger(logging.getLogger("howtoai"))


def tell(teller: logging.Logger, level: int, message: str, *args: object, **context: Any) -> None:
    """As `logger.log`, in less than half the time: for what is said of each request."""
    if teller.isEnabledFor(level):
        record = logging.LogRecord.__new__(logging.LogRecord)
        vars(record).update(
            BLANK,
            name=teller.name,
            levelno=level,
            levelname=logging.getLevelName(level),
            msg=message,
            args=args,
            created=time.time(),
            context=context,
        )
        teller.handle(record)


def bind(**values: Any) -> None:
    """Have what is said from now on in this request or task be known to be about this, too."""
    about = bound.get()
    if about is not None:
        about.update(values)


@contextmanager
def binding(**values: Any) -> Iterator[None]:
    """A request or task begins: nothing of another's is bound any more."""
    token = bound.set(values)
    try:
        yield
    finally:
        bound.reset(token)


def entry_of(record: logging.LogRecord) -> dict[str, Any]:
    """What is written of a record, wherever that is; made once for each.

    time, level, logger, message, request_id, and as far as there are such: user_id, method, path, status, duration_ms,
    task, context, exception. Fit for JSON, and scrubbed.
    """
    made: dict[str, Any] | None = getattr(record, "entry", None)
    if made is None:
        made = record.entry = make_entry(record)
    return made


def text_of(record: logging.LogRecord) -> str:
    """The entry as one line of JSON, which begins with its time; made once for each."""
    made: str | None = getattr(record, "text", None)
    if made is None:
        made = record.text = as_json(entry_of(record))
    return made


def refuse(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} cannot be told as JSON")


# Nothing in an entry holds itself (common.scrubbing).
as_json = writer_of_json(refuse)


def make_entry(record: logging.LogRecord) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "time": time_of(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": scrub_text(message_of(record)),
        "request_id": request_id.get(),
    }
    context: dict[str, Any] = {}
    for name, value in {**(bound.get() or {}), **extra_of(record), **getattr(record, "context", {})}.items():
        # These have a place of their own, so that they can be looked for.
        if isinstance(value, PLACES.get(name, ())):
            entry[name] = scrub_text(value) if isinstance(value, str) else value
        else:
            context[name] = scrub_named(name, value)
    if context:
        entry["context"] = context
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = record.exc_text or logging.Formatter().formatException(record.exc_info)
    if record.exc_text:
        entry["exception"] = scrub_exception(record.exc_text)
    return entry


def time_of(moment: float) -> str:
    """ISO 8601 in UTC with microseconds, of seconds since 1970."""
    second = int(moment)
    return f"{second_of(second)}.{int((moment - second) * 1_000_000):06d}+00:00"


@lru_cache(maxsize=4)
def second_of(second: int) -> str:
    """Much is said in one second, and taking a time apart is dear."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def extra_of(record: logging.LogRecord) -> dict[str, Any]:
    said = vars(record)
    if len(said) == len(BLANK) + ("context" in said):
        return {}
    return {name: said[name] for name in said.keys() - USUAL}


def message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - arguments that do not fit must not lose what was to be said
        return f"{record.msg} {record.args!r} ({type(error).__name__}: the arguments do not fit)"


class Discreet:
    """For a handler: where it fails, nothing that was to be said is shown unscrubbed, as Python's own would."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - so Python names it
        error = scrub_text(repr(sys.exc_info()[1]))
        # Whoever says something must not fail for it, also where there is no stderr.
        with suppress(Exception):
            sys.stderr.write(f"logging: a record of {scrub_text(record.name)} cannot be kept: {error}\n")


class ConsoleHandler(Discreet, logging.StreamHandler[TextIO]):
    """For stdout or stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """As Python's own, in one piece and without a second lock."""
        try:
            self.stream.write(f"{self.format(record)}\n")
            self.stream.flush()
        except Exception:  # noqa: BLE001 - whoever says something must not fail for it
            self.handleError(record)


class JsonFormatter(logging.Formatter):
    """One object on one line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        return text_of(record)


def shows_colours(file: int) -> bool:
    """Whether what is written there is looked at by somebody who wants colours (https://no-color.org).

    FORCE_COLOR is how `up`, which hands on what its processes say, tells them that it writes to a terminal.
    """
    return not os.environ.get("NO_COLOR") and (bool(os.environ.get("FORCE_COLOR")) or os.isatty(file))


class ConsoleFormatter(logging.Formatter):
    """For people: the time, the level, what was said and where, what is known about it; coloured on a terminal."""

    def __init__(self, *args: Any, colours: bool | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.colours = shows_colours(2) if colours is None else colours

    def format(self, record: logging.LogRecord) -> str:
        entry = entry_of(record)
        level = self.painted(f"{record.levelname:<8}", COLOURS.get(record.levelname, "0"))
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        about = {name: entry[name] for name in ("status", "duration_ms", "user_id", "task") if name in entry}
        about |= entry.get("context", {})
        told = " ".join(f"{name}={value}" for name, value in about.items())
        where = self.painted(f"{record.name} [{entry['request_id'][:8]}]", "2")
        line = " ".join(filter(None, [self.painted(clock, "2"), level, entry["message"], told, where]))
        return f"{line}\n{entry['exception']}" if "exception" in entry else line

    def painted(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours else text
