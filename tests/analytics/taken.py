"""What the way in took at once, as `analytics.pipeline.accept` has it: it lies in the stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import pytest

from analytics.pipeline import stream
from tests.recording import Counted, Recorded, read


class Taken(Sequence[Counted]):
    """Looked up each time."""

    def now(self) -> list[Counted]:
        entries: Any = stream.valkey().xrange(stream.STREAM)
        return [read(line) for _, entry in entries for line in entry[stream.LINES].split(b"\n")]

    @overload
    def __getitem__(self, place: int) -> Counted: ...
    @overload
    def __getitem__(self, place: slice) -> list[Counted]: ...
    def __getitem__(self, place: int | slice) -> Counted | list[Counted]:
        return self.now()[place]

    def __len__(self) -> int:
        return len(self.now())


@pytest.fixture
def taken(recorded: Recorded, stream_emptied: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taken]:
    """On a machine that is busy Valkey is waited for; otherwise events would go to the database, and be rolled back."""
    monkeypatch.setattr(stream, "TIMEOUT", 30)
    stream.client_of.cache_clear()
    yield Taken()
    stream.client_of.cache_clear()
