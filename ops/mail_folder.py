"""The mails that development keeps in a folder instead of sending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

from django.conf import settings

# What Django's backend writes behind each mail; what comes after the last is still being written.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
FILES_SHOWN = 100


@dataclass(frozen=True)
class Mail:
    """A mail, by its file and its place in it from 0; `text` and `html` are empty where it has none."""

    file: str
    number: int
    subject: str
    sender: str
    recipient: str
    sent_at: datetime | None
    text: str
    html: str


def newest() -> list[Mail]:
    """The mails of the newest hundred files, newest first."""
    return [mail for path in islice(files(), FILES_SHOWN) for mail in reversed(read(path))]


def find(file: str, number: int) -> Mail | None:
    """One mail, or None. Only a file that the folder lists is opened, so no name leads out of it."""
    mails = next((read(path) for path in files() if path.name == file), [])
    return mails[number] if number < len(mails) else None


def folder() -> Path:
    return Path(settings.MAIL_FOLDER)


def files() -> list[Path]:
    """Newest first; none if there is no folder yet."""
    found = [path for path in folder().glob("*.log") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def read(path: Path) -> list[Mail]:
    complete = path.read_bytes().split(SEPARATOR)[:-1]
    return [
        parse(message_from_bytes(source, policy=policy.default), path.name, number)
        for number, source in enumerate(complete)
    ]


def parse(message: EmailMessage, file: str, number: int) -> Mail:
    date = message["date"]
    return Mail(
        file=file,
        number=number,
        subject=str(message["subject"] or ""),
        sender=str(message["from"] or ""),
        recipient=str(message["to"] or ""),
        sent_at=date.datetime if date else None,
        text=body(message, "plain"),
        html=body(message, "html"),
    )


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""
