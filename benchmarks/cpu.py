"""CPU time of a request, of the platform against a bare WSGI app: `python benchmarks/cpu.py [address ...]`.

Times are of processes, user and system, from /proc: of the web server, and of PostgreSQL's own
processes beside it. Both apps stand on one database and take turns, so that what else the machine does meets both.
What both are asked for is a thread of fifty comments; the bare app (bare_wsgi.py) makes of it the platform's statement
and joined strings, as many bytes, without a session or a template.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import add, truediv
from pathlib import Path
from typing import Any

from discussing import COUNT, PREPARE, READER, load
from server import QUIETLY, ROOT, Served, connect, free_port, manage, served

from config.serving import THREADS, web_command

# A page with next to nothing of its own, the list of posts, and what else the community is asked for.
ADDRESSES = ("/learning/bookmarks/", "/community/", "/tutorials/", "/tutorials/retrieval-from-scratch/")
POSTS = 2000
# Ticks are of ten milliseconds, so a round has to be long.
WARM_UP, ROUNDS, EACH_ROUND = 300, 15, 300
# The platform's own, for the one thread and reader that are measured.
STATEMENT = f"""{READER}
from community.querysets import threads
sql = threads.statement(threads.THREAD, moderates=False, direction=threads.NEXT)
place = {{"post": thread.pk, "place": f"comment-{{thread.pk}}"}}
parameters = place | threads.beyond(user, threads.FIRST, most=threads.COMMENTS_A_PAGE + 1)
print(json.dumps({{"sql": sql, "parameters": parameters}}))
"""
FIRST, LAST, WRITING = '<article class="comment', "</article>\n", '<section class="write"'
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

    def together(self) -> list[float]:
        return list(map(add, self.server, self.database))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="*", default=ADDRESSES)
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="with data that discussing.py has kept there")
    options = parser.parse_args()
    with served(kept=options.kept) as platform:
        if not int(manage(platform, COUNT)):
            load(platform, POSTS)
        prepared = json.loads(manage(platform, PREPARE))
        database, thread = postmaster(platform), prepared["thread"]
        cookie = {"Cookie": prepared["cookie"]}
        with bare(platform, {"/": thread_of(platform, page_of(platform, thread, cookie))}) as bare_port:
            asked = [
                Asked("bare WSGI", bare_port, "/", {}, listener(bare_port), database),
                *(
                    Asked(address, platform.port, address, cookie, listener(platform.port), database)
                    for address in (thread, *options.addresses)
                ),
            ]
            report({one.name: costs for one, costs in measure(asked)})


def page_of(platform: Served, thread: str, cookie: dict[str, str]) -> str:
    connection = connect(platform.port)
    connection.request("GET", thread, headers=cookie)
    page = connection.getresponse().read().decode()
    connection.close()
    return page


@contextmanager
def bare(platform: Served, pages: dict[str, Any]) -> Iterator[int]:
    """The bare app with these pages, by their paths."""
    port = free_port()
    command = web_command("bare_wsgi:application", host="127.0.0.1", port=port, workers=1, threads=THREADS)
    environment = platform.environment | {"PAGES": json.dumps(pages)}
    server = subprocess.Popen([*command, *QUIETLY], cwd=ROOT / "benchmarks", env=environment)
    connect(port).close()
    try:
        yield port
    finally:
        server.terminate()
        server.wait()


def thread_of(platform: Served, page: str) -> dict[str, Any]:
    """What the bare app needs for the thread that this page shows."""
    thread: dict[str, Any] = json.loads(manage(platform, STATEMENT))
    end = page.rindex(LAST, 0, page.index(WRITING)) + len(LAST)
    return thread | {"head": page[: page.index(FIRST)], "foot": page[end:], "is_thread": True}


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
    # proc(5): utime, stime, cutime and cstime are fields 14 to 17.
    return sum(sum(map(int, fields[11:15])) for fields in family(root).values()) * MS_PER_TICK


def family(root: int) -> dict[int, list[str]]:
    """A process and all below it, each with what /proc/PID/stat says of it, from its third field on."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
    parents = {pid: int(fields[1]) for pid, fields in found.items()}
    return {pid: fields for pid, fields in found.items() if is_below(pid, root, parents)}


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
    """Ratios are medians of what was measured in the same round, for the machine may be slower in another."""
    bare_app = measured["bare WSGI"]
    print(f"{'address':75} {'app ms':>8} {'db ms':>8} {'x bare':>8} {'with db':>8} {'bytes':>8}")
    for name, costs in measured.items():
        server, database = statistics.median(costs.server), statistics.median(costs.database)
        app_alone = statistics.median(map(truediv, costs.server, bare_app.server))
        together = statistics.median(map(truediv, costs.together(), bare_app.together()))
        print(f"{name:75} {server:8.2f} {database:8.2f} {app_alone:8.2f} {together:8.2f} {costs.size:8}")


if __name__ == "__main__":
    main()
