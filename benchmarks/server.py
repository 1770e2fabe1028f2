"""The platform under production settings, on servers of its own, for a benchmark."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config.embedded import Place  # noqa: E402 - the path must be set first
from config.serving import MEMORY, THREADS, web_command  # noqa: E402

QUIETLY = ("--workers-kill-timeout", "5", "--log-level", "error")


@dataclass(frozen=True)
class Served:
    port: int
    # What a program needs in its environment to use the same database and keys.
    environment: dict[str, str]


@contextmanager
def served(*, workers: int = 1, kept: Path | None = None, quiet: bool = False) -> Iterator[Served]:
    """Serve a platform with the real tutorials; ends with everything that it started.

    It is empty, unless its data are `kept` in a folder for another time. `quiet`: nobody reads what it says.
    """
    with tempfile.TemporaryDirectory(prefix="how-to-ai-bench-") as folder:
        # Started by root, the servers run as somebody else, who must be able to pass through.
        Path(folder).chmod(0o711)
        home = kept or Path(folder) / "var"
        with databases(home) as urls:
            environment = os.environ | MEMORY | urls | production(home)
            for command in (
                ["migrate", "-v0"],
                ["import_tutorials", "tutorials/content"],
                ["collectstatic", "--noinput", "-v0"],
            ):
                subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
            port = free_port()
            command = web_command(
                "config.wsgi:application", host="127.0.0.1", port=port, workers=workers, threads=THREADS
            )
            said = subprocess.DEVNULL if quiet else None
            server = subprocess.Popen([*command, *QUIETLY], cwd=ROOT, env=environment, stdout=said)
            try:
                yield Served(port, environment)
            finally:
                server.terminate()
                server.wait()


def databases(home: Path) -> AbstractContextManager[dict[str, str]]:
    """PostgreSQL and Valkey in a folder, with the variables that name them; they end with the block."""
    return Place(home).attached()


def manage(platform: Served, code: str) -> str:
    """Run some code in a process of the platform; returns what it printed."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=platform.environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def production(home: Path) -> dict[str, str]:
    return {
        "DEBUG": "false",
        "HTTPS": "false",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
        "VAR_DIR": str(home),
        # What is deployed is compiled beforehand, and here at its first start.
        "PYTHONDONTWRITEBYTECODE": "",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
