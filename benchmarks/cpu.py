"""CPU time of a request, of the platform against a bare WSGI app: `python benchmarks/cpu.py [address ...]`.

Times are of processes, user and system, from /proc: of the web server, and of PostgreSQL's own
processes beside it. Both apps stand on one database and take turns, so that what else the machine does meets both.
What both are asked for is a thread of fifty comments; the bare app (bare_wsgi.py) makes of it one statement and
joined strings, without a session or a template.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from discussing import PREPARE, load
from server import ROOT, Served, connect, free_port, manage, served

# A page with next to nothing of its own, the list of posts, and what else the community is asked for.
ADDRESSES = ("/learning/bookmarks/", "/community/", "/tutorials/", "/tutorials/retrieval-from-scratch/")
POSTS = 2000
WARM_UP, ROUNDS, EACH_ROUND = 100, 10, 100
MS_PER_TICK = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Asked:
    name: str
    port: int
    address: str
    headers: dict[str, str]
    server: int
    database: int


@dataclass
class Costs:
    """Milliseconds of CPU for each request, one figure per round, and the bytes of an answer."""

    server: list[float]
    database: list[float]
    size: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="*", default=ADDRESSES)
    options = parser.parse_args()
    with served() as platform, bare(platform) as bare_port:
        load(platform, POSTS)
        prepared = json.loads(manage(platform, PREPARE))
        database, thread = postmaster(platform), prepared["thread"]
        cookie = {"Cookie": prepared["cookie"]}
        post = prepared["comments"].split("/")[3]
        asked = [
            Asked("bare WSGI", bare_port, f"/{post}", {}, listener(bare_port), database),
            *(
                Asked(address, platform.port, address, cookie, listener(platform.port), database)
                for address in (thread, *options.addresses)
            ),
        ]
        report({one.name: costs for one, costs in measure(asked)})


@contextmanager
def bare(platform: Served) -> Iterator[int]:
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"),
            *("--blocking-threads", "4", "--workers-kill-timeout", "5", "--log-level", "error"),
            "bare_wsgi:application",
        ],
        cwd=ROOT / "benchmarks",
        env=platform.environment,
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait()


def measure(asked: list[Asked]) -> list[tuple[Asked, Costs]]:
    measured = [(one, Costs([], [])) for one in asked]
    for one, costs in measured:
        costs.size = ask(one, WARM_UP)
    for _ in range(ROUNDS):
        for one, costs in measured:
            before = cpu_ms(one.server), cpu_ms(one.database)
            ask(one, EACH_ROUND)
            costs.server.append((cpu_ms(one.server) - before[0]) / EACH_ROUND)
            costs.database.append((cpu_ms(one.database) - before[1]) / EACH_ROUND)
    return measured


def ask(one: Asked, times: int) -> int:
    """Returns the bytes of the last answer."""
    size = 0
    # One for each round: while the others have their turn, the server would close it.
    connection = connect(one.port)
    for _ in range(times):
        connection.request("GET", one.address, headers=one.headers)
        response = connection.getresponse()
        size = len(response.read())
        if response.status != 200:
            raise SystemExit(f"{one.name} answered {response.status}")
    connection.close()
    return size


def cpu_ms(root: int) -> float:
    """Of a process and all below it, those that have ended included."""
    ticks, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        # proc(5): ppid is field 4; utime, stime, cutime and cstime are 14 to 17. We begin at field 3.
        parents[int(folder.name)] = int(fields[1])
        ticks[int(folder.name)] = sum(map(int, fields[11:15]))
    return sum(ticks[pid] for pid in ticks if is_below(pid, root, parents)) * MS_PER_TICK


def is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != root:
        pid = parents[pid]
    return pid == root


def postmaster(platform: Served) -> int:
    """The process that all of PostgreSQL's are children of."""
    folder = Path(
        manage(
            platform,
            "from django.db import connection\n"
            "with connection.cursor() as cursor:\n"
            "    cursor.execute('SHOW data_directory')\n"
            "    print(cursor.fetchone()[0])",
        )
    )
    return int((folder / "postmaster.pid").read_text().split()[0])


def listener(port: int) -> int:
    """The topmost process that was started with this port."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if b"granian" in words and str(port).encode() in words:
            found.append(int(folder.name))
    return min(found)


def report(measured: dict[str, Costs]) -> None:
    floor = statistics.median(measured["bare WSGI"].server)
    floor_all = floor + statistics.median(measured["bare WSGI"].database)
    print(f"{'address':45} {'app ms':>8} {'db ms':>8} {'x bare':>8} {'with db':>8} {'bytes':>8}")
    for name, costs in measured.items():
        server, database = statistics.median(costs.server), statistics.median(costs.database)
        ratios = f"{server / floor:8.2f} {(server + database) / floor_all:8.2f}"
        print(f"{name:45} {server:8.2f} {database:8.2f} {ratios} {costs.size:8}")


if __name__ == "__main__":
    main()
