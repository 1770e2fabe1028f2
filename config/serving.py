"""How the web server is started, for `up` and for the benchmarks. It knows no Django: it runs before it."""

from __future__ import annotations

import sys

# Of each worker process. Threads share one interpreter: each more makes a page dearer, since what one thread has
# just used is not what the next one needs, and only helps while another waits (docs/decisions/0014).
THREADS = 2
# What glibc needs to be told at the start of a process: one pool of memory for all its threads, of which 64 MiB are
# kept for the next request instead of being given back and asked for again at each.
MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
}


def web_command(application: str, *, host: str, port: int | str, workers: int | str, threads: int | str) -> list[str]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    return [*command, "--workers", str(workers), "--blocking-threads", str(threads), application]
