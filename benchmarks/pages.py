"""Time to the first byte of each page, warm, under production settings: `python benchmarks/pages.py`."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config.embedded import Place  # noqa: E402 - the path must be set first

ADDRESSES = (
    "/healthz",
    "/",
    "/tutorials/",
    "/tutorials/?q=prompt",
    "/tutorials/retrieval-from-scratch/",
    "/api/tutorials",
    "/api/tutorials/retrieval-from-scratch",
)
WARM_UP, ROUNDS = 30, 200


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="how-to-ai-bench-") as folder:
        # Started by root, the servers run as somebody else, who must be able to pass through.
        Path(folder).chmod(0o711)
        with Place(Path(folder) / "var").attached() as urls:
            environment = os.environ | urls | production(folder)
            for command in (
                ["migrate", "-v0"],
                ["import_tutorials", "tutorials/content"],
                ["collectstatic", "--noinput", "-v0"],
            ):
                subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
            port = free_port()
            server = subprocess.Popen(
                [
                    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"),
                    *("--blocking-threads", "4", "--workers-kill-timeout", "5", "--log-level", "error"),
                    "config.wsgi:application",
                ],
                cwd=ROOT,
                env=environment,
            )
            try:
                report({address: measure(port, address) for address in ADDRESSES})
            finally:
                server.terminate()
                server.wait()


def production(folder: str) -> dict[str, str]:
    return {
        "DEBUG": "false",
        "HTTPS": "false",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
        "VAR_DIR": f"{folder}/var",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(port: int, address: str) -> tuple[list[float], int]:
    """Milliseconds to the first byte of each request, one at a time on one connection, and the body's bytes."""
    connection = connect(port)
    times, size = [], 0
    for number in range(WARM_UP + ROUNDS):
        began = time.perf_counter()
        connection.request("GET", address)
        response = connection.getresponse()
        elapsed = (time.perf_counter() - began) * 1000
        size = len(response.read())
        if response.status != 200:
            raise SystemExit(f"{address} answered {response.status}")
        if number >= WARM_UP:
            times.append(elapsed)
    connection.close()
    return times, size


def connect(port: int) -> http.client.HTTPConnection:
    """A connection as soon as the server listens, within half a minute."""
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return connection


def report(measured: dict[str, tuple[list[float], int]]) -> None:
    floor = statistics.median(measured["/healthz"][0])
    print(f"{'address':45} {'p50 ms':>8} {'p95 ms':>8} {'x floor':>8} {'bytes':>8}")
    for address, (times, size) in measured.items():
        middle, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{address:45} {middle:8.2f} {high:8.2f} {middle / floor:8.1f} {size:8}")


if __name__ == "__main__":
    main()
