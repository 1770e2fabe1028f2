"""What a log record costs a request, and what becomes of half a million of them while the database is stopped.

`python benchmarks/logs.py [records a second]`: 50,000 unless told otherwise, of which each tenth is a warning. Takes
two minutes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from discussing import PREPARE, load
from server import ROOT, Served, manage, served

from config.embedded import Place

POSTS = 500
LIMIT = 5  # per cent of a request's CPU time
SECONDS, STOPPED_AFTER, STOPPED_FOR = 10, 3, 5
SPEAKERS = 2
RATE = 50_000

IN_PROCESS = """
import json, logging, statistics, time
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
EACH_ROUND = 200
prepared = json.loads(PREPARED)
factory = RequestFactory(SERVER_NAME="127.0.0.1", HTTP_COOKIE=prepared["cookie"])
chain = WSGIHandler()
console, database = logging.getLogger().handlers
console.setStream(open("/dev/null", "w"))
def each(level):
    # CPU time of a request, with its part of what the shipping of all of them takes: until none waits any more.
    logging.disable(level)
    begun = time.process_time()
    for _ in range(EACH_ROUND):
        answer = chain.get_response(factory.get(prepared["thread"]))
        assert answer.status_code == 200, answer.status_code
        answer.close()
    said = time.process_time()
    while database.shipper.spool.waiting:
        time.sleep(0.2)
    return (said - begun) / EACH_ROUND, (time.process_time() - begun) / EACH_ROUND
each(logging.NOTSET)
rounds = []
for _ in range(TIMES):
    (without, _), (said, shipped) = each(logging.CRITICAL), each(logging.NOTSET)
    rounds.append((without, (said - without) / without, (shipped - without) / without))
print(json.dumps([statistics.median(column) for column in zip(*rounds)]))
"""
SPEAK = """
import logging, sys, time
import django
django.setup()
seconds, rate = float(sys.argv[1]), float(sys.argv[2])
said = logging.getLogger("howtoai.storm")
begun, count, warnings = time.perf_counter(), 0, 0
while (passed := time.perf_counter() - begun) < seconds:
    # What is due by now, so that a stall is made up for.
    for _ in range(min(int(passed * rate) - count, 1_000)):
        count += 1
        if count % 10 == 0:
            said.warning("warning %s", count)
            warnings += 1
        else:
            said.info("record %s", count)
took = time.perf_counter() - begun
print(count, warnings, took, flush=True)
"""


def main() -> None:
    rate = int(sys.argv[1]) if len(sys.argv) > 1 else RATE
    with tempfile.TemporaryDirectory(prefix="how-to-ai-logs-") as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "var"
        with served(workers=1, kept=home) as platform:
            cost(platform)
            storm(platform, home, rate)


def cost(platform: Served) -> None:
    load(platform, POSTS)
    without, said, shipped = measure(platform, rounds=40)
    print(f"\na thread of 50 comments: {without * 1e6:.0f} µs of CPU without logs; its record adds {said:.1%}, and")
    print(f"{shipped:.1%} once it is shipped, too (limit {LIMIT} %, for logs and analytics together)")


def measure(platform: Served, *, rounds: int) -> tuple[float, float, float]:
    """Seconds of CPU of a thread without logs; what share of it its record adds, and with its shipping."""
    code = IN_PROCESS.replace("PREPARED", repr(manage(platform, PREPARE))).replace("TIMES", str(rounds))
    without, said, shipped = json.loads(manage(platform, code))
    return without, said, shipped


def storm(platform: Served, home: Path, rate: int) -> None:
    command = [sys.executable, "-c", SPEAK, str(SECONDS), str(rate / SPEAKERS)]
    environment = platform.environment | {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_TO": "database"}
    speakers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(SPEAKERS)
    ]
    time.sleep(STOPPED_AFTER)
    stopped = time.monotonic()
    while time.monotonic() - stopped < STOPPED_FOR:
        stop_postgresql(home)
        time.sleep(0.1)
    said, warnings, took = 0, 0, 0.0
    for speaker in speakers:
        output, _ = speaker.communicate()
        count, of_them, seconds = output.split()
        said, warnings, took = said + int(count), warnings + int(of_them), max(took, float(seconds))
    print(f"\n{said:,} records in {took:.1f} s ({said / took:,.0f} a second), {warnings:,} of them warnings, by")
    print(f"{SPEAKERS} processes, into a database that was stopped for {STOPPED_FOR} s of them")
    print_stored(platform, said, warnings)


def stop_postgresql(home: Path) -> None:
    """However often it is started again."""
    for pid_file in Place(home).data.rglob("postmaster.pid"):
        with suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)


COUNT = """
from ops.models import SystemLog
storm = SystemLog.objects.filter(logger="howtoai.storm")
print(storm.count(), storm.filter(level__gte=30).count())
"""


def print_stored(platform: Served, said: int, warnings: int) -> None:
    """Once what was left in the spools is shipped, which another process's shipper does within half a minute."""
    deadline = time.monotonic() + 120
    stored = stored_warnings = -1
    while time.monotonic() < deadline and stored < said:
        time.sleep(2)
        with suppress(subprocess.CalledProcessError):
            stored, stored_warnings = map(int, manage(platform, COUNT).split())
    print(f"stored {stored:,} records and {stored_warnings:,} warnings; lost: {said - stored:,}", end="; ")
    print(f"of the warnings {warnings - stored_warnings:,}, none lost: {warnings == stored_warnings}")


if __name__ == "__main__":
    main()
