"""What is counted while the platform works: requests, queries, tasks, mails.

Each process counts in a dictionary, which costs next to nothing, and every few seconds adds what is new to a hash in
Valkey, which holds the sums of all processes of all machines (docs/decisions/0017-metrics.md). While Valkey is away a
process keeps what it has; killed, it loses the last seconds.

Whoever changes the bounds of a histogram gives it another name: what was counted before lies in the old buckets.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

from django.conf import settings
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
TIMEOUT = 1.0  # seconds
# In Valkey: the sums of all time, those of each day, and a key for each living process.
SUMS, DAY, PROCESS = "metrics:sums", "metrics:day:", "metrics:process:"
DAYS_KEPT = 3
# After which a process that says nothing more is gone.
PROCESS_SECONDS = 30
SEPARATOR = "\x1f"
# The last part of a key of a histogram that is no bucket.
SUM = "sum"

# Name, labels, and for a histogram the number of the bucket or SUM.
Key: TypeAlias = tuple[str, ...]


class Tally:
    """What this process has counted and not handed on yet."""

    lock = threading.Lock()
    # Only one at a time hands on, so that whoever waits for it finds everything handed on.
    flushing = threading.Lock()
    counts: defaultdict[Key, float] = defaultdict(float)
    is_failing = False


def begin_anew() -> None:
    """In a process that was forked: what its parent has counted is its parent's, as are the threads that hold locks."""
    Tally.lock, Tally.flushing = threading.Lock(), threading.Lock()
    Tally.counts = defaultdict(float)


os.register_at_fork(after_in_child=begin_anew)


@dataclass(frozen=True)
class Counter:
    """Something that happens, by labels of which there are few: a name of a view, never an address."""

    name: str
    help: str
    labels: tuple[str, ...]

    def add(self, *values: str, amount: float = 1) -> None:
        with Tally.lock:
            Tally.counts[self.name, *values] += amount


@dataclass(frozen=True)
class Histogram:
    """How large something is, by labels; `bounds` are the upper ends of the buckets, ascending, without infinity."""

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...]

    def observe(self, amount: float, *values: str) -> None:
        bucket = NUMBERS[bisect_left(self.bounds, amount)]
        with Tally.lock:
            counts = Tally.counts
            counts[self.name, *values, bucket] += 1
            counts[self.name, *values, SUM] += amount


NUMBERS = tuple(map(str, range(100)))

REQUESTS = Counter("http_requests", "Requests answered.", ("view", "method", "status"))
REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "From the first middleware to the answer.",
    ("view",),
    (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUEST_QUERIES = Histogram(
    "http_request_queries", "Statements to PostgreSQL for one request.", ("view",), (0, 1, 2, 3, 5, 8, 12, 20, 50)
)
CACHE_READS = Counter("cache_reads", "Reads of the cache.", ("outcome",))
TASKS = Counter("tasks", "Background tasks that ended.", ("task", "outcome"))
TASK_SECONDS = Histogram(
    "task_seconds",
    "How long background tasks took.",
    ("task",),
    (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 600),
)
MAILS = Counter("mails", "Mails handed to the mail server, put off, or given up.", ("outcome",))

COUNTERS = (REQUESTS, CACHE_READS, TASKS, MAILS)
HISTOGRAMS = (REQUEST_SECONDS, REQUEST_QUERIES, TASK_SECONDS)
# What is also kept for each day: the slowest views of today are worth more than those since the beginning.
OF_EACH_DAY = frozenset({REQUEST_SECONDS.name})


@cache
def valkey() -> Redis:
    """That of the task queue, and not the cache's: one clears a cache."""
    client: Redis = Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, decode_responses=True
    )
    return client


def flush() -> None:
    """Add what is new to the sums in Valkey, all of it or nothing; what could not be added waits."""
    with Tally.flushing:
        with Tally.lock:
            counts, Tally.counts = Tally.counts, defaultdict(float)
        if not counts:
            return
        try:
            send(counts)
        except Exception as error:
            with Tally.lock:
                for key, amount in counts.items():
                    Tally.counts[key] += amount
            if not isinstance(error, RedisError):
                raise
            if not Tally.is_failing:
                logger.warning("metrics wait, since Valkey does not answer: %s", error)
            Tally.is_failing = True
        else:
            Tally.is_failing = False


def send(counts: Mapping[Key, float]) -> None:
    day = day_key(datetime.now(UTC))
    # A transaction: half of it would be added again.
    with valkey().pipeline(transaction=True) as pipeline:
        for key, amount in counts.items():
            field = SEPARATOR.join(key)
            pipeline.hincrbyfloat(SUMS, field, amount)
            if key[0] in OF_EACH_DAY:
                pipeline.hincrbyfloat(day, field, amount)
        pipeline.expire(day, timedelta(days=DAYS_KEPT))
        pipeline.execute()


def day_key(moment: datetime) -> str:
    return f"{DAY}{moment:%Y-%m-%d}"


def sums() -> dict[Key, float]:
    """What all processes have counted. Raises RedisError."""
    return read(SUMS)


def sums_of_day(moment: datetime) -> dict[Key, float]:
    """What of OF_EACH_DAY was counted on that day (UTC), today or the two before. Raises RedisError."""
    return read(day_key(moment))


def read(key: str) -> dict[Key, float]:
    # Typed for both kinds of clients.
    found: Any = valkey().hgetall(key)
    return {tuple(field.split(SEPARATOR)): float(amount) for field, amount in found.items()}


def by_labels(histogram: Histogram, sums: Mapping[Key, float]) -> dict[Key, tuple[list[float], float]]:
    """The count of each bucket, and the sum, for each combination of labels."""
    found: dict[Key, tuple[list[float], float]] = {}
    for key, amount in sums.items():
        name, *labels, place = key
        # A release may have had other labels, or more buckets.
        if name != histogram.name or len(labels) != len(histogram.labels):
            continue
        buckets, total = found.get(tuple(labels)) or ([0.0] * (len(histogram.bounds) + 1), 0.0)
        if place == SUM:
            total = amount
        elif int(place) < len(buckets):
            buckets[int(place)] = amount
        found[tuple(labels)] = buckets, total
    return found


@dataclass(frozen=True)
class Process:
    """A living process: "web", "worker" or "events", and the bytes of memory that it holds.

    `task`: of a worker, the one that it has had in work for longest, for `task_seconds`; empty if it has none.
    """

    kind: str
    memory: int
    task: str = ""
    task_seconds: float = 0.0


class Reporter:
    """Hands on what this process counts, every five seconds, and says that it lives; also what `more` tells of it."""

    def __init__(self, kind: str, more: Callable[[], Mapping[str, Any]] = dict) -> None:
        self.kind, self.more = kind, more
        self.key = PROCESS + uuid4().hex
        self.stopped = threading.Event()
        self.is_failing = False

    def run(self) -> None:
        while True:
            try:
                flush()
                self.say()
            except Exception:
                # Whatever it is, it may be over soon; nothing would start this thread again. It is said once.
                if not self.is_failing:
                    logger.exception("metrics cannot be handed on")
                self.is_failing = True
            else:
                self.is_failing = False
            if self.stopped.wait(FLUSH_SECONDS):
                return

    def say(self) -> None:
        try:
            said = json.dumps({"kind": self.kind, "memory": memory()} | dict(self.more()))
            valkey().set(self.key, said, ex=PROCESS_SECONDS)
        except RedisError:
            # What is flushed has said so.
            return

    def end(self) -> None:
        self.stopped.set()
        flush()
        try:
            valkey().delete(self.key)
        except RedisError:
            return


def report_as(kind: str, more: Callable[[], Mapping[str, Any]] = dict) -> Reporter:
    """Begin to report from this process, "web" or "worker". Call it where nothing forks any more.

    It ends with the process, unless that leaves out what Python does at the end: then end it.
    """
    reporter = Reporter(kind, more)
    threading.Thread(target=reporter.run, name="metrics", daemon=True).start()
    atexit.register(reporter.end)
    return reporter


def processes() -> list[Process]:
    """Those that have reported within half a minute. Raises RedisError."""
    client = valkey()
    keys = list(client.scan_iter(f"{PROCESS}*", count=1000))
    found: Any = client.mget(keys) if keys else []
    return [process_of(json.loads(said)) for said in found if said]


def process_of(told: dict[str, Any]) -> Process:
    """Another release may say more of itself, or less."""
    return Process(
        kind=told.get("kind", "unknown"),
        memory=told.get("memory", 0),
        task=told.get("task", ""),
        task_seconds=told.get("task_seconds", 0.0),
    )


def memory() -> int:
    """Bytes of memory that this process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
