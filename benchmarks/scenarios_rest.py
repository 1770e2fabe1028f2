"""Scenarios that are no single request: 8 to 10 and 12 to 16 of the note, mostly by what other files here measure."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import logs
import sign_in
from contest import Goal, times_as_fast
from cpu import cpu_ms, family, listener
from events import BATCH, an_event, consume, running, send_batches
from load import Ask, Load, Refused, Request, blast, paced, rate, reads
from scenarios_web import Members
from server import ROOT, connect, manage
from sides import LIST, TUTORIAL, wsgi
from table import Setting

# Of the note: rows a second of COPY, times as many as Umami takes in batches; and bytes of one of Umami's events.
COPY_TO_UMAMI, UMAMI_BYTES = 245_000 / 395, 790
REPORT = re.compile(
    r"^\| (?P<name>[^|]+) \| (?P<days>\d+) \| (?P<whole>[\d.]+) \| (?P<sql>[\d.]+) \| [^|]+ \|(?P<rest>.*)$"
)
MEGABYTES, BACKED_UP_MEGABYTES = 1024 * 1024, 200
WARM, ASKED = 1_000, 10_000
MIXED_SECONDS, MIXED_CLIENTS = 60, 32
REFRESH = """
import json
from django.db import connection
from django.test import Client
client = Client(SERVER_NAME="127.0.0.1")
asked = []
def note(execute, sql, params, many, context):
    asked.append(sql)
    return execute(sql, params, many, context)
token = json.loads(TOKENS)["refresh"]
for _ in range(2):
    asked.clear()
    with connection.execute_wrapper(note):
        body = json.dumps({"refresh": token})
        answer = client.post("/api/auth/refresh", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    token = answer.json()["refresh"]
print(len([sql for sql in asked if not sql.startswith(("SAVEPOINT", "RELEASE"))]))
"""


# -- Events -------------------------------------------------------------------------------------


def batches(setting: Setting) -> None:
    platform = setting.sides.platform
    done, _ = send_batches(platform, rounds=setting.rounds, seconds=setting.seconds)
    stored = consume(platform, rounds=1, each=20_000 if setting.quick else 100_000)
    (copied,), events = stored["copy"], rate(done) * BATCH
    setting.figure(8, f"batches of {BATCH}: rows of COPY alone, to events", Goal(copied / events, 8))
    setting.figure(
        8, "times the events of Umami, by the note", Goal(events / copied * COPY_TO_UMAMI, 50, at_most=False)
    )


def dashboard(setting: Setting) -> None:
    few = ["--visits", "2500"] if setting.quick else []
    said = told_by("benchmarks/dashboard.py", *few)
    reports = list(read_reports(said))
    slowest = max(reports, key=lambda report: report[2] / (3 * report[3] + 5))
    name, days, whole, alone, _ = slowest
    what = f"the slowest of {len(reports)} reports ({name}, {days} days, {whole:.1f} ms), to 3 times its SQL + 5 ms"
    setting.figure(9, what, Goal(whole / (3 * alone + 5), 1))
    for name, days, _, _, times in reports:
        if times is not None and days == 90:
            what = f"{name}, 90 days: times as fast as from single events, as Umami and Shynet do"
            setting.figure(9, what, Goal(times, 20, at_most=False))
    if within := re.search(r"shows what came in within (\d+) s", said):
        setting.figure(9, "an event is counted within, s", Goal(float(within[1]), 60))


def read_reports(said: str) -> Iterator[tuple[str, int, float, float, float | None]]:
    """Name, days, milliseconds whole and of its SQL alone, and how many times as fast as from single events."""
    for line in said.splitlines():
        if found := REPORT.match(line):
            single = re.search(r"\| (\d+) \|$", found["rest"])
            times = float(single[1]) if single else None
            yield found["name"], int(found["days"]), float(found["whole"]), float(found["sql"]), times


def storage(setting: Setting) -> None:
    stored = consume(setting.sides.platform, rounds=1, each=20_000 if setting.quick else 200_000)
    # A month that has a few events only takes pages that are nearly empty.
    setting.figure(
        10, f"bytes of an event among {stored['rows']:,}, to its heap", Goal(stored["bytes"] / stored["heap"], 1.3)
    )
    times = UMAMI_BYTES / stored["bytes"]
    setting.figure(10, "times smaller than Umami's, by the note", Goal(times, 4, at_most=False))


# -- Signing in, and logs -----------------------------------------------------------------------


def login(setting: Setting) -> None:
    platform, count = setting.sides.platform, 3 if setting.quick else 10
    register = f"""
from accounts.models import User
from accounts.services.people import register
if not User.objects.filter(email={sign_in.EMAIL!r}).exists():
    register(email={sign_in.EMAIL!r}, password={sign_in.PASSWORD!r}, confirmed=True)
user = User.objects.get(email={sign_in.EMAIL!r})
user.set_password({sign_in.PASSWORD!r})
user.save()
"""
    manage(platform, register)
    server, connection = listener(platform.port), connect(platform.port)
    tokens = sign_in.log_in(connection)
    ratios = []
    for _ in range(count):
        begun = time.process_time()
        bcrypt.hashpw(sign_in.PASSWORD.encode(), bcrypt.gensalt(12))
        hashed = (time.process_time() - begun) * 1000
        before = cpu_ms(server)
        sign_in.log_in(connection)
        ratios.append((cpu_ms(server) - before) / hashed)
    # The server's ticks are of ten milliseconds, so that only the mean of some says anything.
    setting.figure(12, "CPU of a sign-in, to that of its hash", Goal(sum(ratios) / count, 1.1))
    statements = int(manage(platform, REFRESH.replace("TOKENS", repr(json.dumps(tokens)))))
    setting.figure(12, "statements of a refresh", Goal(statements, 3))
    reads_beside_logins(setting)


def reads_beside_logins(setting: Setting) -> None:
    port, enough = setting.sides.platform.port, threading.Event()

    def keep_signing_in() -> None:
        connection = connect(port)
        # Fewer than the limit for one network.
        for _ in range(5):
            if not enough.is_set():
                sign_in.log_in(connection)
        connection.close()

    alone = reads(port, LIST, {}, 8, seconds=1)
    thread = threading.Thread(target=keep_signing_in)
    thread.start()
    beside = reads(port, LIST, {}, 8, seconds=1)
    enough.set()
    thread.join()
    setting.figure(12, "p99 of reads beside sign-ins, to that without", Goal(beside.p99 / alone.p99, 2))


def logging_and_counting(setting: Setting) -> None:
    _, _, shipped = logs.measure(setting.sides.platform, rounds=6 if setting.quick else 40)
    setting.figure(13, "CPU of a thread with its log record shipped, to that without logs", Goal(1 + shipped, 1.05))
    setting.left_out(13, "memory while the database stalls (logs.py), and counting a page (doors.py)")


# -- Backups ------------------------------------------------------------------------------------


def backups(setting: Setting) -> None:
    if setting.quick:
        setting.left_out(14, "it takes minutes")
        return
    said = told_by("benchmarks/backing_up.py", str(BACKED_UP_MEGABYTES))
    for what, figure, limit, at_most in read_backups(said):
        setting.figure(14, f"{what}, {BACKED_UP_MEGABYTES} MB", Goal(figure, limit, at_most))


def read_backups(said: str) -> Iterator[tuple[str, float, float, bool]]:
    """What is compared, how many times, the limit, and whether that is the most.

    Of so small a database the start of Python takes most of a backup's time, so its work alone is looked at.
    """
    for line in said.splitlines():
        if found := re.match(r"(a read meanwhile).*: ([\d.]+) \(at most ([\d.]+)\)", line):
            yield f"{found[1]}, 99 in 100, to one alone", float(found[2]), float(found[3]), True
        elif found := re.match(r"\s*(.+?): [\d.]+, its work alone ([\d.]+) \(at most ([\d.]+)\)", line):
            yield f"{found[1]}, its work alone", float(found[2]), float(found[3]), True
        elif found := re.match(r"\s*(.+?): ([\d.]+) \(at least ([\d.]+)\), sizes ([\d.]+) \(at most ([\d.]+)\)", line):
            yield found[1], float(found[2]), float(found[3]), False
            yield "sizes, managed to -Fc", float(found[4]), float(found[5]), True


# -- Memory and start ---------------------------------------------------------------------------


def memory(setting: Setting) -> None:
    platform = setting.sides.platform
    one = pss(listener(platform.port))
    setting.figure(15, "MB of one worker, after what this run has asked of it", Goal(one, 100))
    for name, port in (("a bare server", setting.sides.bare_wsgi), ("plain Django", setting.sides.plain_django)):
        setting.figure(15, f"times the memory of {name}", Goal(one / pss(listener(port))))
    if setting.sides.next_prisma:
        of_next = pss(setting.sides.next_prisma.process)
        setting.figure(15, "times less than Next + Prisma", Goal(of_next / one, 2, at_most=False))
    begun = time.perf_counter()
    with wsgi(platform, "config.wsgi:application", workers=2, of_ours=True) as port:
        ask_some(port, 1)
        setting.figure(15, "seconds from start to the first answer, two workers", Goal(time.perf_counter() - begun))
        warm, asked = (100, 1_000) if setting.quick else (WARM, ASKED)
        ask_some(port, warm)
        before = pss(listener(port))
        setting.figure(15, f"MB of two workers after {warm:,} requests", Goal(before, 170))
        ask_some(port, asked)
        after = pss(listener(port))
        setting.figure(15, f"after {asked:,} more, times as much", Goal(after / before, 1.05))
    setting.left_out(15, "the note's 100,000 requests; 10,000 are asked, and 1,000 with --quick")


def ask_some(port: int, times: int) -> None:
    """So many requests, of each of a few addresses as many, one at a time."""
    addresses = (LIST, TUTORIAL, "/tutorials/", "/community/")
    connection = connect(port)
    for number in range(times):
        connection.request("GET", addresses[number % len(addresses)])
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise Refused(f"{addresses[number % len(addresses)]} answered {response.status}")
    connection.close()


def pss(root: int) -> float:
    """Megabytes of a process and all below it; of what several share, each has its part."""
    kilobytes = 0
    for pid in family(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


# -- A mixed day --------------------------------------------------------------------------------


def mixed_day(setting: Setting) -> None:
    """80 of 100 requests read, 15 send an event, 5 write: first as many as each side can, then half of that."""
    sides, seconds = setting.sides, 3 if setting.quick else MIXED_SECONDS
    members = Members.of(sides.platform)
    ours = mixed([LIST, sides.comments], members)
    theirs = mixed([LIST, f"/api/posts/{sides.post}"], members, trusted=True)
    with running(sides.platform, sys.executable, "../manage.py", "ingest_events"):
        most = capacity(sides.platform.port, ours, setting)
        of_next = sides.next_prisma.port if sides.next_prisma else None
        for name, port, least in (("FastAPI", sides.fastapi, None), ("Next + Prisma", of_next, 3)):
            if port is not None:
                times = times_as_fast(most, capacity(port, theirs, setting))
                setting.figure(16, f"requests a second, times those of {name}", Goal(times, least, at_most=False))
        day = paced(sides.platform.port, MIXED_CLIENTS, ours, seconds=seconds, rate=rate(most) / 2)
    what = f"p99 to p50 in {seconds} s at half of that ({day.rate:,.0f} a second, p50 {day.p50:.2f} ms)"
    setting.figure(16, what, Goal(day.p99 / day.p50, 3))
    setting.left_out(16, "five minutes of it")


def capacity(port: int, ask: Ask, setting: Setting) -> list[Load]:
    return [blast(port, 8, ask, seconds=setting.seconds) for _ in range(setting.rounds + 1)][1:]


def mixed(paths: list[str], members: Members, *, trusted: bool = False) -> Ask:
    def ask() -> Request:
        kind = random.random()  # noqa: S311
        if kind < 0.80:
            return Request("GET", random.choice(paths))  # noqa: S311
        if kind < 0.95:
            return an_event()
        return (members.learns if kind < 0.975 else members.likes)(trusted=trusted)

    return ask


def told_by(*command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{command[0]} failed: {done.stderr[-1000:]}")
    return done.stdout
