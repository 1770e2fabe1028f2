"""How the web server is started, for `up`, the benchmarks and production. It knows no Django: it runs before it.

In production `python -m config.serving` is the web process. It starts granian and stands between it and whoever sends
signals, since granian on its own stops at once: what waits in its queue at that moment is lost. Told to stop (SIGTERM),
it first takes itself out of traffic (/readyz says `draining`, and a Unix socket goes from its place, so that a proxy
finds nobody there and asks the next), goes on answering for DRAIN_SECONDS, and only then has granian finish.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from config.embedded import die_with_parent

APPLICATION = "config.wsgi:application"
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
STURDY = ("--backlog", "2048", "--backpressure", "1024", "--respawn-failed-workers", "--log-level", "warning")
# Seconds for which a server that was told to stop goes on, until whoever sends it traffic has noticed.
DRAIN_SECONDS = 5.0
LONGEST_DRAIN = 300
# Seconds that requests get to end after that. A statement of theirs ends after 15 (config.settings).
PATIENCE = 20
# Beyond its own patience, for granian to end.
LAST_SECONDS = 5.0


def web_command(application: str, *, host: str, port: int | str, workers: int | str, threads: int | str) -> list[str]:
    return granian(application, ["--host", host, "--port", str(port)], workers=workers, threads=threads)


def granian(application: str, where: list[str], *, workers: int | str, threads: int | str) -> list[str]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", *where]
    return [*command, "--workers", str(workers), "--blocking-threads", str(threads), application]


def production_command(environment: Mapping[str, str]) -> list[str]:
    """Listening at the Unix socket WEB_SOCKET if it is named, else at HOST and PORT."""
    if place := environment.get("WEB_SOCKET"):
        # For those of our group, to which the proxy belongs.
        where = ["--uds", place, "--uds-permissions", "0660"]
    else:
        where = ["--host", environment.get("HOST", "127.0.0.1"), "--port", environment.get("PORT", "8000")]
    workers = environment.get("WEB_WORKERS", "2")
    command = granian(APPLICATION, where, workers=workers, threads=environment.get("WEB_THREADS", str(THREADS)))
    return [*command, *STURDY, "--workers-kill-timeout", str(PATIENCE)]


def main() -> int:
    """Serve until SIGTERM or SIGINT; the exit code of a granian that ends by itself."""
    # What stands in `.env` is in the environment from here on.
    import config.env  # noqa: F401

    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    try:
        place = claim(os.environ)
        patience = seconds_from(os.environ)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - there is no logging yet
        return 1
    with tempfile.TemporaryDirectory(prefix="how-to-ai-web-") as folder:
        flag = Path(folder) / "draining"
        server = start(MEMORY | os.environ | {"DRAINING_FLAG": str(flag)})

        def tell_of_its_end() -> None:
            server.wait()
            told.set()

        threading.Thread(target=tell_of_its_end, daemon=True).start()
        told.wait()
        if server.poll() is not None:
            return abs(server.wait())
        begin_to_drain(flag, place)
        stop(server, patience)
    return 0


def claim(environment: Mapping[str, str]) -> Path | None:
    """The Unix socket that we are to listen at, if at one; what a server that was killed has left there is taken away.

    Raises ValueError where another answers.
    """
    if not (named := environment.get("WEB_SOCKET")):
        return None
    place = Path(named)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(named)
        except OSError:
            place.unlink(missing_ok=True)
            return place
    raise ValueError(f"another server answers at WEB_SOCKET={named} .")


def seconds_from(environment: Mapping[str, str]) -> float:
    """DRAIN_SECONDS. Raises ValueError if it is no number of seconds."""
    given = environment.get("DRAIN_SECONDS") or str(DRAIN_SECONDS)
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LONGEST_DRAIN:
        raise ValueError(f"DRAIN_SECONDS must be a number from 0 to {LONGEST_DRAIN}, not {given!r}.")
    return seconds


def start(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    me = os.getpid()
    return subprocess.Popen(
        production_command(environment),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        # Ctrl-C in a terminal reaches only us.
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(me, signal.SIGTERM),  # noqa: PLW1509 - one call of libc, no lock of ours
    )


def begin_to_drain(flag: Path, place: Path | None) -> None:
    """Who asks for readiness is told. To a Unix socket nobody connects any more, and who has connected is served."""
    flag.touch()
    if place is not None:
        place.unlink(missing_ok=True)


def stop(server: subprocess.Popen[bytes], drain_seconds: float) -> None:
    """Go on for so long, then have granian finish what is under way; one that does not end is killed."""
    try:
        server.wait(drain_seconds)
    except subprocess.TimeoutExpired:
        server.terminate()
    try:
        server.wait(PATIENCE + LAST_SECONDS)
    except subprocess.TimeoutExpired:
        # With all of its workers.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
