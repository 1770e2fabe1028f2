"""Events coming in: `python benchmarks/events.py [part ...]`, all of these unless told:

- one: an event at `POST /api/analytics/events`, against a bare ASGI app that inserts it (`bare_asgi.py`), for 1, 8 and
  32 clients at once; and `accept` alone, against that INSERT alone.
- batches: of fifty, against the rows that PostgreSQL alone takes by COPY.
- beside: such batches, while somebody looks at page after page of the dashboard; whether the consumer keeps up.
- consumer: `ingest_events`, against COPY of the same rows; and the bytes of a row, with its indexes, among a million.
- tracking: what `track.feature` adds to a request.

Takes five minutes. A pair of rounds stands in one time, each side in turn; a ratio is the median of its pairs.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from load import Load, Refused, Request, blast, last, middle, rate
from server import QUIETLY, ROOT, Served, connect, free_port, manage, served

from common.identities import new_id

CLIENTS, ROUNDS, SECONDS = (1, 8, 32), 5, 1.5
BATCH = 50
OF_ONE, OF_COPY, OF_CONSUMER, BYTES, TRACKED = 1.5, 8, 0.4, 200, 300
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
# Seconds of what comes in that may wait: a page of figures is a minute behind at most.
MOST_BEHIND = 5
FIGURES = [f"/admin/analytics/figures/{name}/" for name in ("visitors", "learning", "members", "goals", "journeys")]
STAFF = """
import json
from django.test import Client
from tests.factories import make_user
client = Client()
client.force_login(make_user(role="administrator"))
print(json.dumps({"Cookie": "; ".join(f"{name}={each.value}" for name, each in client.cookies.items())}))
"""
PATHS = ("/", "/pricing/", "/tutorials/", "/community/")


def main() -> None:
    parts = {part.__name__: part for part in (one, batches, beside, consumer, tracking)}
    # Each request comes from another address, so that no limit ends the run.
    os.environ["PROXY_COUNT"] = "1"
    # Stdout is ours.
    os.environ["LOG_TO"] = "database"
    with served() as platform:
        manage(platform, TABLES)
        connect(platform.port).close()
        for name in sys.argv[1:] or parts:
            print(f"\n{name}", flush=True)
            parts[name](platform)


@contextmanager
def running(
    platform: Served, *command: str, port: int | None = None, folder: Path = ROOT / "benchmarks"
) -> Iterator[int]:
    """A program with the platform's environment, by its process; as soon as it listens, if it does."""
    process = subprocess.Popen(command, cwd=folder, env=platform.environment, stdout=subprocess.DEVNULL)
    try:
        if port is not None:
            connect(port).close()
        yield process.pid
    finally:
        process.terminate()
        process.wait()


# -- One event ----------------------------------------------------------------------------------


def one(platform: Served) -> None:
    port = free_port()
    bare = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    with (
        running(platform, *bare, "--workers", "1", *QUIETLY, "bare_asgi:application", port=port),
        running(platform, sys.executable, "../manage.py", "ingest_events"),
    ):
        for clients in CLIENTS:
            ours, theirs = [], []
            for number in range(-1, ROUNDS):
                pair = [blast(each, clients, an_event, seconds=SECONDS) for each in (platform.port, port)]
                # The first pair warms up.
                if number >= 0:
                    ours.append(pair[0])
                    theirs.append(pair[1])
            ratio = statistics.median(b.rate / a.rate for a, b in zip(ours, theirs, strict=True))
            print(
                f"{clients:2} clients: {rate(ours):7,.0f} events a second, bare ASGI {rate(theirs):7,.0f};"
                f" p50 {middle(ours):.2f} against {middle(theirs):.2f} ms, p99 {last(ours):.1f} against"
                f" {last(theirs):.1f}; {ratio:.2f} times its time (limit {OF_ONE}), reached: {ratio <= OF_ONE}",
                flush=True,
            )
    alone = json.loads(manage(platform, ALONE))
    for name in ("accept", "away"):
        words = {"accept": "accept alone", "away": "the same without Valkey"}[name]
        print(f"{words}: {alone[name]:.0f} µs; the INSERT alone, committed: {alone['insert']:.0f} µs")


def batches(platform: Served) -> None:
    done, waiting = send_batches(platform, rounds=ROUNDS, seconds=SECONDS)
    copied = consume(platform, rounds=1, each=100_000)["copy"][0]
    events = rate(done) * BATCH
    print(
        f"batches of {BATCH} from 8 clients: {events:,.0f} events a second, p50 {middle(done):.1f} ms; COPY alone"
        f" {copied:,.0f} rows a second: 1 to {copied / events:.1f} (limit {OF_COPY}), reached:"
        f" {copied / events <= OF_COPY}; {waiting} batches waited for the consumer at the end"
    )


def beside(platform: Served) -> None:
    alone, _ = send_batches(platform, rounds=ROUNDS, seconds=SECONDS)
    pages, cookie = [], json.loads(manage(platform, STAFF))
    enough = threading.Event()

    def look() -> None:
        connection = connect(platform.port)
        for number in count():
            if enough.is_set():
                break
            begun = time.perf_counter()
            connection.request("GET", FIGURES[number % len(FIGURES)], headers=cookie)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise Refused(f"{FIGURES[number % len(FIGURES)]} answered {answer.status}")
            pages.append(time.perf_counter() - begun)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            done, waiting = send_batches(platform, rounds=ROUNDS, seconds=SECONDS)
        finally:
            enough.set()
        looking.result()
    events = rate(done) * BATCH
    behind = waiting * BATCH / events
    print(
        f"batches of {BATCH} from 8 clients beside {len(pages)} pages of figures, p50 {statistics.median(pages):.2f} s:"
        f" {events:,.0f} events a second, {rate(done) / rate(alone):.0%} of those without; {waiting} batches waited for"
        f" the consumer at the end, what came within {behind:.1f} s (limit {MOST_BEHIND:g}), reached:"
        f" {behind <= MOST_BEHIND}"
    )


def send_batches(platform: Served, *, rounds: int, seconds: float) -> tuple[list[Load], int]:
    """What came of each round, with the consumer at work; and how many batches waited for it at the end."""
    with running(platform, sys.executable, "../manage.py", "ingest_events"):
        done = [blast(platform.port, 8, a_batch, seconds=seconds) for _ in range(rounds + 1)]
        # The first one warms up.
        return done[1:], int(manage(platform, WAITING))


def an_event() -> Request:
    return sending(1)


def a_batch() -> Request:
    return sending(BATCH)


def sending(size: int) -> Request:
    """A request with so many events, of a visitor nobody has seen before."""
    events = [
        {"id": str(new_id()), "name": "page_view", "path": random.choice(PATHS), "properties": {}}  # noqa: S311
        for _ in range(size)
    ]
    address = ".".join(str(random.randint(1, 250)) for _ in range(4))  # noqa: S311
    headers = {
        "Content-Type": "application/json",
        "Sec-Fetch-Site": "same-origin",
        "User-Agent": BROWSER,
        "X-Forwarded-For": address,
        "X-Forwarded-Proto": "http",
    }
    return Request("POST", "/api/analytics/events", headers, json.dumps({"events": events}).encode())


# -- The consumer -------------------------------------------------------------------------------


def consumer(platform: Served) -> None:
    measured = consume(platform, rounds=5, each=200_000)
    pairs = list(zip(measured["consumer"], measured["copy"], strict=True))
    share = statistics.median(ours / copied for ours, copied in pairs)
    ours, copied = (statistics.median(measured[name]) for name in ("consumer", "copy"))
    print(
        f"the consumer: {ours:,.0f} rows a second, COPY of the same {copied:,.0f}: {share:.0%}"
        f" (limit {OF_CONSUMER:.0%}), reached: {share >= OF_CONSUMER}"
    )
    rows, size = measured["rows"], measured["bytes"]
    print(f"an event with its indexes, of {rows:,}: {size:.0f} bytes (limit {BYTES}), reached: {size <= BYTES}")


def consume(platform: Served, *, rounds: int, each: int) -> dict[str, Any]:
    """Rows a second of the `consumer` and of `copy` in each round; then `rows`, and `bytes` and `heap` of each."""
    measured: dict[str, Any] = json.loads(
        manage(platform, CONSUMER.replace("ROUNDS", str(rounds)).replace("EACH", str(each)))
    )
    return measured


def tracking(platform: Served) -> None:
    measured = json.loads(manage(platform, TRACKING))
    for name, micros in measured.items():
        print(f"{name}: {micros:.1f} µs of CPU of the caller")
    worst = max(measured.values())
    print(f"limit {TRACKED} µs, reached: {worst <= TRACKED}")


TABLES = """
from django.db import connection
with connection.cursor() as cursor:
    for name in ("bare_events", "copied_events"):
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} (LIKE analytics_useranalytics INCLUDING ALL)")
"""
WAITING = """
from analytics.pipeline import stream
print(stream.standing().waiting)
"""
ALONE = """
import json, statistics, time
from analytics.events import Event
from analytics.pipeline import accept, stream
from common.database import connect_beside
from common.identities import new_id
def median(call):
    times = []
    for number in range(1_500):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[500:]) * 1e6
connection = connect_beside(within=2, statements_within=10)
INSERT = (
    "INSERT INTO bare_events (id, at, audience_id, name, subject, source, properties)"
    " VALUES (%s, now(), 1, 'page_view', '/pricing/', '', '{}') ON CONFLICT DO NOTHING"
)
told = {"insert": median(lambda: connection.execute(INSERT, [new_id()], prepare=True))}
told["accept"] = median(lambda: accept([Event("page_view", "/pricing/")]))
stream.patience.until = time.monotonic() + 60
told["away"] = median(lambda: accept([Event("page_view", "/pricing/")]))
connection.close()
print(json.dumps(told))
"""
CONSUMER = """
import json, random, time
from analytics.events import AudienceOf, Event
from analytics.pipeline import stream
from analytics.pipeline.lines import line_of
from analytics.services.ingesting import Consumer
from common.database import connect_beside
from common.identities import new_id
chance = random.Random(8)
AUDIENCES = [
    AudienceOf(tier, country, device, browser, system)
    for tier in ("visitor", "free", "premium") for country in ("DE", "US", "GB", "FR", "IN", "BR", "")
    for device, system in (("desktop", "Windows"), ("desktop", "macOS"), ("phone", "Android"), ("phone", "iOS"))
    for browser in ("Chrome", "Safari", "Firefox", "Edge")
]
PAGES = ["/", "/pricing/", "/tutorials/", "/community/"]
PAGES += [f"/tutorials/{word}-{number}/" for word in ("prompting-well", "agents-and-tools") for number in range(150)]
def event(milliseconds):
    kind, visitor = chance.random(), -chance.getrandbits(62) - 1
    about = {"audience": chance.choice(AUDIENCES), "visitor": visitor, "id": new_id(milliseconds)}
    about["user_id"] = chance.randint(1, 50_000) if chance.random() < 0.35 else None
    if kind < 0.65:
        source = chance.choice(["www.google.com", "news.ycombinator.com", "t.co"]) if chance.random() < 0.1 else ""
        return Event("page_view", chance.choice(PAGES), source=source, **about)
    if kind < 0.85:
        properties = {"seconds": chance.randint(1, 600), "scroll": chance.randint(0, 100)}
        return Event("page_left", chance.choice(PAGES), properties=properties, **about)
    if kind < 0.95:
        properties = {"fraction": round(chance.random(), 2), "seconds": chance.randint(1, 300), "block": "b12"}
        return Event("tutorial_progress", "prompting-that-works", properties=properties, **about)
    return Event("feature", "search", properties={"query_length": chance.randint(1, 40)}, **about)
apart = connect_beside(within=2, statements_within=600)
COPY = (
    "COPY copied_events (id, at, user_id, visitor, audience_id, name, subject, source, properties) FROM STDIN"
)
told = {"consumer": [], "copy": []}
consumer = Consumer(taken_over_after=0)
consumer.empty()
apart.execute("TRUNCATE analytics_useranalytics, copied_events")
begun_at = time.time_ns() // 1_000_000 - 86_400_000
for number in range(ROUNDS):
    first = begun_at + number * 10_000_000
    lines = [line_of(event(first + each // 20))[:-1] for each in range(EACH)]
    for place in range(0, len(lines), 50):
        stream.add(lines[place : place + 50])
    begun = time.perf_counter()
    consumer.empty()
    told["consumer"].append(EACH / (time.perf_counter() - begun))
    columns = [line.split(b"\\t") for line in lines]
    at = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime(first / 1000)).encode()
    rows = [b"\\t".join([c[0], at, c[1], c[2], b"7", *c[4:]]) for c in columns]
    content = b"\\n".join(rows)
    begun = time.perf_counter()
    with apart.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write(content)
    told["copy"].append(EACH / (time.perf_counter() - begun))
(told["rows"],) = apart.execute("SELECT count(*) FROM analytics_useranalytics").fetchone()
size, heap = apart.execute(
    "SELECT sum(pg_total_relation_size(inhrelid)), sum(pg_relation_size(inhrelid)) FROM pg_inherits"
    " WHERE inhparent = 'analytics_useranalytics'::regclass"
).fetchone()
told["bytes"], told["heap"] = int(size) / told["rows"], int(heap) / told["rows"]
apart.close()
print(json.dumps(told))
"""
TRACKING = """
import json, time
from django.db import transaction
from analytics import track
from analytics.events import AudienceOf, Event
from analytics.pipeline import collect
from analytics.visits import Visit, current
current.set(Visit(visitor=-5, audience=AudienceOf("free", "DE", "phone", "Firefox", "Android"), kept_out=""))
def cost(call, times=5_000):
    least = []
    for _ in range(10):
        begun = time.thread_time()
        for _ in range(times):
            call()
        least.append((time.thread_time() - begun) / times * 1e6)
    return min(least)
event = Event("feature", "search", user_id=7, properties={"query_length": 12})
told = {
    "collect": cost(lambda: collect(event)),
    "track.feature": cost(lambda: track.feature(7, "search", query_length=12)),
}
@transaction.atomic
def many():
    for _ in range(100):
        track.feature(7, "search", query_length=12)
told["track.feature in a transaction, with its commit"] = cost(many, times=50) / 100
print(json.dumps(told))
"""

if __name__ == "__main__":
    main()
