"""The web server of production stops without anybody noticing: `python -m config.serving`."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from config import serving
from config.env import BASE_DIR
from tests.config.processes import wait_until

START_SECONDS = 120
REQUEST = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"


class Server:
    """One that listens at a Unix socket, with the configuration of the tests, which is one of production."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "web-1.sock"
        self.environment = dict(os.environ) | {
            "WEB_SOCKET": str(self.place),
            "WEB_WORKERS": "1",
            "DRAIN_SECONDS": "1",
        }

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen([sys.executable, "-m", "config.serving"], cwd=BASE_DIR, env=self.environment) as process:
            below: list[psutil.Process] = []
            try:
                assert self.probe("--wait", str(START_SECONDS)) == 0
                below = psutil.Process(process.pid).children(recursive=True)
                yield process
            finally:
                process.kill()
                # What it started ends with it.
                _, left = psutil.wait_procs(below, timeout=30)
            assert left == []

    def probe(self, *arguments: str) -> int:
        """The exit code of what asks for its health."""
        command = [sys.executable, "deploy/probe.py", *arguments]
        return subprocess.run(command, cwd=BASE_DIR, env=self.environment, capture_output=True, check=False).returncode

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self.place))
            yield connection


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="how-to-ai-serving-") as folder:
        yield Server(Path(folder))


def answer_to(connection: socket.socket) -> tuple[int, bytes]:
    with http.client.HTTPResponse(connection) as response:
        response.begin()
        return response.status, response.read()


def test_whoever_has_connected_is_served_and_nobody_connects_any_more(server: Server) -> None:
    with server.running() as process, server.connected() as half_sent, server.connected() as silent:
        # One request is half sent when the server is told to stop, another connection has sent nothing yet.
        half_sent.sendall(REQUEST + b"\r\n{")
        # For those of the group, such as the proxy, and for nobody else.
        assert stat.S_IMODE(server.place.stat().st_mode) == 0o660

        process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: not server.place.exists(), 5)
        with pytest.raises(FileNotFoundError), server.connected():
            pass
        # It is out of traffic, and says so.
        silent.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer_to(silent) == (503, b'{"status": "draining", "parts": {}}')

        half_sent.sendall(b"}")
        status, body = answer_to(half_sent)
        assert (status, b"application/json" not in body) == (400, True)
        assert process.wait(serving.PATIENCE + serving.LAST_SECONDS) == 0

    # What a server that was killed left behind is no hindrance to the next; while one answers, another does not start.
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(server.place))
    with server.running() as process:
        command = [sys.executable, "-m", "config.serving"]
        second = subprocess.run(command, cwd=BASE_DIR, env=server.environment, capture_output=True, check=False)
        assert second.returncode == 1
        assert second.stderr.decode() == f"error: another server answers at WEB_SOCKET={server.place} .\n"
        assert server.probe() == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert server.probe() == 1


def test_a_server_that_cannot_start_ends(server: Server) -> None:
    del server.environment["SECRET_KEY"]
    command = [sys.executable, "-m", "config.serving"]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=server.environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "error: SECRET_KEY must be set when DEBUG is off" in done.stderr


@pytest.mark.parametrize("given", ["soon", "-1", "301", "nan"])
def test_seconds_that_are_none_are_refused_at_the_start(given: str) -> None:
    with pytest.raises(ValueError, match="DRAIN_SECONDS must be a number from 0 to 300"):
        serving.seconds_from({"DRAIN_SECONDS": given})


def test_seconds_are_read() -> None:
    assert serving.seconds_from({}) == serving.seconds_from({"DRAIN_SECONDS": ""}) == serving.DRAIN_SECONDS
    assert serving.seconds_from({"DRAIN_SECONDS": "0.5"}) == 0.5


def test_a_server_listens_where_it_is_told_to() -> None:
    assert {"--uds", "/run/x.sock"} <= set(serving.production_command({"WEB_SOCKET": "/run/x.sock"}))
    command = serving.production_command({"HOST": "0.0.0.0", "PORT": "80", "WEB_WORKERS": "3"})  # noqa: S104 - compared
    assert " ".join(command).count("--host 0.0.0.0 --port 80 --workers 3") == 1
