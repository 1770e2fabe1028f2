"""What LOGGING names: takes records, and hands on lines."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from common.logging import Discreet, entry_of, text_of
from common.shipping import Complaints
from common.spool import CHUNK, OwnSpool
from ops.logs.shipping import MOST_IN_MEMORY, Aside, Shipper, here

# Bytes that may wait for the database; beyond, what is only told (info and below) is counted and dropped.
MOST_WAITING = 256 * 1024 * 1024
# Of a line that is read in one piece; a sign has up to four bytes.
LONGEST_TEXT = CHUNK // 8  # characters
DEEPEST_FRAMES = 5
HERE = str(Path(__file__).resolve().parent.parent.parent)


class DatabaseHandler(Discreet, logging.Handler):
    """Appends each record to this process's spool, from which a thread ships it to the database."""

    def __init__(
        self, folder: str | Path, *, most_waiting: int = MOST_WAITING, most_in_memory: int = MOST_IN_MEMORY
    ) -> None:
        """Both in bytes."""
        super().__init__()
        self.folder, self.most_waiting = Path(folder), most_waiting
        self.aside = Aside(most_in_memory)
        self.complaints, self.losses = Complaints("logging"), Complaints("logging")
        # Of the process: its number, what it is called, and what its records' ids end with.
        self.process_id, self.process, self.origin = 0, "", ""
        self.shipper: Shipper | None = None
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        if here.ships:
            return
        try:
            shipper = self.shipper
            if shipper is None or self.process_id != os.getpid():
                shipper = self.begin()
            is_told = record.levelno < logging.WARNING
            if is_told and shipper.spool.waiting > self.most_waiting:
                self.aside.drop(record.levelname.lower())
                return
            line = self.line_of(record)
            try:
                shipper.spool.append(line)
            except OSError as error:
                self.complaints.make(f"log records cannot be written to {self.folder}: {error}")
                self.put_aside(line, record.levelname.lower(), is_told=is_told)
            if not shipper.wanted.is_set():
                shipper.wanted.set()
        except Exception:  # noqa: BLE001 - whoever says something must not fail for it
            self.handleError(record)

    def put_aside(self, line: bytes, level: str, *, is_told: bool) -> None:
        """Trouble waits in memory, as long as there is room; what is only told is not worth it."""
        if is_told:
            self.aside.drop(level)
        elif not self.aside.keep(line, level):
            self.losses.make("records of trouble are dropped, too: neither the disk nor the database takes them")

    def begin(self) -> Shipper:
        """This process's own: after a fork there is another. Under the handler's lock."""
        self.shipper = Shipper(OwnSpool(self.folder), self.aside)
        self.process_id = os.getpid()
        self.process = json.dumps(f"{program()} {self.process_id}", ensure_ascii=False)
        self.origin = f"8{secrets.token_hex(8)[1:]}"
        return self.shipper

    def line_of(self, record: logging.LogRecord) -> bytes:
        """What every handler of ours tells, and behind it what only the database needs."""
        text = text_of(record)
        if len(text) > LONGEST_TEXT:
            short = {**entry_of(record), "exception": "", "context": {}}
            short["message"] = f"{short['message'][:1000]}… (the record was too long)"
            text = json.dumps(short, ensure_ascii=False)
        more = f'"id": "{self.identity(record.created)}", "severity": {record.levelno}, "process": {self.process}'
        if record.levelno >= logging.ERROR:
            title = json.dumps(title_of(entry_of(record)), ensure_ascii=False)
            more = f'{more}, "fingerprint": "{fingerprint_of(record)}", "title": {title}'
        return f"{text[:-1]}, {more}}}\n".encode()

    def identity(self, created: float) -> str:
        """A UUID of version 7: by time, with a number of the record and one of the process in it."""
        self.count += 1
        return f"{int(created * 1000):012x}7{self.count & 0xFFF:03x}{self.origin}"

    def close(self) -> None:
        if self.shipper is not None and self.process_id == os.getpid():
            self.shipper.close()
        self.shipper = None
        super().close()


def program() -> str:
    """Such as `granian`, `celery worker` or `manage.py archive_logs`."""
    path, *arguments = map(Path, sys.argv)
    if path.name == "manage.py":
        return " ".join(map(str, [path.name, *arguments[:1]]))
    # `python -m granian` runs granian/__main__.py.
    name = path.parent.name if path.name == "__main__.py" else path.name
    return " ".join([name, *(str(each) for each in arguments if str(each) in ("worker", "beat"))])


def fingerprint_of(record: logging.LogRecord) -> str:
    """The same for errors that come from the same place, whatever they are about."""
    parts: list[Any] = [record.name, record.levelno]
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        # As it was written, before anything was filled in.
        parts.append(record.msg)
    else:
        parts += [type(error).__module__, type(error).__qualname__, *frames_of(error)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def frames_of(error: BaseException) -> list[tuple[str, str]]:
    """The innermost functions of our own through which it came, or of anybody's if there are none; no line numbers."""
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append((code.co_filename, code.co_qualname))
        traceback = traceback.tb_next
    ours = [(file.removeprefix(HERE), name) for file, name in frames if file.startswith(HERE) and ".venv" not in file]
    return (ours or frames)[-DEEPEST_FRAMES:]


def title_of(entry: dict[str, Any]) -> str:
    exception = str(entry.get("exception", "")).rstrip().rpartition("\n")[2]
    return (exception or str(entry["message"]))[:300]
