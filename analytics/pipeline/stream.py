"""The stream in Valkey: who writes to it, and how it stands. What reads it is analytics.services.ingesting."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

STREAM, GROUP = "analytics:events", "ingest"
# Of an entry: its lines, as they are.
LINES = b"l"
TIMEOUT = 0.5  # seconds
# How long it is left alone once it did not answer: each event would wait for it again.
LEFT_ALONE = 3.0  # seconds
# Bytes of an entry, so that a consumer knows what it takes on with some hundred of them; one line may be longer.
LARGEST_ENTRY = 64 * 1024


class Away(Exception):
    """Valkey does not answer, or takes nothing."""


class Patience:
    """Remembers for a while that something did not answer."""

    def __init__(self) -> None:
        self.until = 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    def lose(self) -> None:
        self.until = time.monotonic() + LEFT_ALONE


patience = Patience()


def valkey(*, timeout: float = TIMEOUT) -> Redis:
    """That of the task queue, and not the cache's: one clears a cache. `timeout`: seconds."""
    return client_of(settings.REDIS_URL, timeout)


@cache
def client_of(url: str, timeout: float) -> Redis:
    """A connection that broke is made again once."""
    client: Redis = Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1)
    )
    return client


def add(lines: Sequence[bytes]) -> None:
    """Lines without their ends, to the stream. Never with MAXLEN, which drops what nobody has read. Raises Away.

    Some of them may be in it all the same, then: an event that comes twice is counted once.
    """
    if not patience.is_over:
        raise Away("Valkey did not answer a moment ago.")
    entries = list(entries_of(lines))
    try:
        if len(entries) == 1:
            valkey().xadd(STREAM, {LINES: entries[0]})
            return
        with valkey().pipeline(transaction=False) as pipeline:
            for entry in entries:
                pipeline.xadd(STREAM, {LINES: entry})
            pipeline.execute()
    except RedisError as error:
        patience.lose()
        raise Away(str(error)) from error


def entries_of(lines: Sequence[bytes]) -> Iterator[bytes]:
    entry: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > LARGEST_ENTRY and entry:
            yield b"\n".join(entry)
            entry, size = [], 0
        entry.append(line)
        size += len(line) + 1
    if entry:
        yield b"\n".join(entry)


@dataclass(frozen=True)
class Standing:
    """How many batches wait to be stored, those included that a consumer has in hand; and for how long the oldest."""

    waiting: int
    age: timedelta | None


def standing() -> Standing:
    """Raises RedisError."""
    # Typed for both kinds of clients.
    client: Any = valkey()
    waiting, oldest = client.xlen(STREAM), client.xrange(STREAM, count=1)
    if not oldest:
        return Standing(waiting, None)
    # Valkey names an entry by the time at which it came.
    milliseconds = int(oldest[0][0].partition(b"-")[0])
    return Standing(waiting, timedelta(seconds=max(time.time() - milliseconds / 1000, 0)))
