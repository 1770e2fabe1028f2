"""What is counted in tests, which count nothing otherwise.

`recorded` for what a page or a service counts: its lines are read back, nothing is stored. For what is stored too, add
a database whose rows are committed, and call `store()`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from analytics.events import AudienceOf
from analytics.pipeline import stream
from analytics.pipeline.collecting import Collector
from analytics.pipeline.lines import BETWEEN, NULL
from analytics.pipeline.store import Store
from tests.collecting import collected_by

UNESCAPED = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


@dataclass(frozen=True)
class Counted:
    """An event as it was spooled."""

    id: str
    user_id: int | None
    visitor: int | None
    audience: AudienceOf
    name: str
    subject: str
    source: str
    properties: dict[str, Any]


class Recorded:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self) -> list[bytes]:
        return [line for path in sorted(self.folder.glob("*.spool")) for line in path.read_bytes().splitlines()]

    def events(self, name: str = "") -> list[Counted]:
        """Of a name, or all."""
        return [event for event in map(read, self.lines()) if name in ("", event.name)]

    def store(self) -> None:
        """All so far, into the database."""
        store = Store()
        store.put(self.lines())
        store.close()


def read(line: bytes) -> Counted:
    identity, user_id, visitor, words, name, subject, source, properties = map(unescaped, line.decode().split("\t"))
    return Counted(
        id=identity,
        user_id=None if user_id == NULL else int(user_id),
        visitor=None if visitor == NULL else int(visitor),
        audience=AudienceOf(*words.split(BETWEEN)),
        name=name,
        subject=subject,
        source=source,
        properties=json.loads(properties),
    )


def unescaped(text: str) -> str:
    if text == NULL:
        return text
    parts = text.split("\\\\")
    for escape, sign in UNESCAPED.items():
        parts = [part.replace(escape, sign) for part in parts]
    return "\\".join(parts)


@pytest.fixture
def recorded(tmp_path: Path, settings: Settings) -> Iterator[Recorded]:
    """Events are counted, and lie in a spool of their own."""
    settings.ANALYTICS = True
    collector = Collector(tmp_path / "events", ships=False)
    with collected_by(collector):
        yield Recorded(tmp_path / "events")
    collector.close()


@pytest.fixture
def stream_emptied() -> Iterator[None]:
    """Of what others have left there, and of what the test leaves."""
    stream.valkey().delete(stream.STREAM)
    stream.patience.until = 0.0
    yield
    stream.valkey().delete(stream.STREAM)
    stream.patience.until = 0.0
