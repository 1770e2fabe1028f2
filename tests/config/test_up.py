"""`manage.py up`: everything under one supervisor, which leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.env import BASE_DIR
from tests.config.processes import named, processes_of, wait_until

# Migrating takes ten on an idle machine.
READY_SECONDS = 240


class Up:
    """A running `up` with a var/ and a port of its own; its output goes to a file."""

    def __init__(self, folder: Path, port: int) -> None:
        self.var = folder / "var"
        self.log = folder / "up.log"
        self.url = f"http://127.0.0.1:{port}"
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = kept | {
            "DEBUG": "true",
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(self.var),
            "PORT": str(port),
        }
        self.process: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                text=True,
            )
        try:
            assert wait_until(lambda: "Ctrl-C stops everything" in self.said(), READY_SECONDS), self.said()
            yield process
        finally:
            process.kill()
            process.wait()

    def said(self) -> str:
        return self.log.read_text()

    def answers(self, path: str = "/readyz") -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


@pytest.fixture
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="how-to-ai-up-"))
    folder.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    up = Up(folder, port)
    yield up
    assert wait_until(lambda: processes_of(up.var) == []), f"left behind: {processes_of(up.var)}"
    shutil.rmtree(folder)


def test_it_serves_survives_and_ends(up: Up) -> None:
    with up.running() as process:
        said = up.said()
        assert up.url in said
        for who in ("learner", "author", "moderator", "admin"):
            assert f"{who}@howtoai.example" in said
        assert "how-to-ai-demo" in said
        assert up.answers("/tutorials/prompting-that-works/")
        for program in (
            "granian",
            "celery -A config worker",
            "celery -A config beat",
            "manage.py ingest_events",
            "bin/postgres -D",
            "valkey-server",
        ):
            assert [each for each in processes_of(up.var) if program in " ".join(each.cmdline())], program

        # Another command finds the same servers, and in them the staff of the demo.
        staff = "from accounts.models import User; print(User.objects.filter(is_staff=True).count())"
        count = up.command("shell", "--no-imports", "-c", staff)
        assert count.stdout == "3\n", count.stderr
        # A second `up` in the same folder would run the clock twice.
        up.environment["PORT"] = "8001"
        assert up.command("up").stderr == (
            "CommandError: `up` already runs in this folder; stop it first (Ctrl-C where it was started).\n"
        )

        # What dies is named and started again.
        named(up.var, "celery -A config worker").kill()
        assert wait_until(lambda: "worker | ended (SIGKILL); starting it again in 1 s" in up.said())
        assert wait_until(lambda: up.said().count("ready.") == 2, 30), up.said()

        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert wait_until(lambda: processes_of(up.var) == [], began + 10 - time.monotonic())

    # The next start finds the data. Killed, it leaves no orphan; on an empty folder it would first make the demo again.
    up.environment["PORT"] = up.url.rpartition(":")[2]
    with up.running() as process:
        assert len(processes_of(up.var)) > 5
        process.kill()
        process.wait()
        assert wait_until(lambda: processes_of(up.var) == []), processes_of(up.var)
    with up.running() as process:
        assert up.answers("/tutorials/prompting-that-works/")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_taken_port_is_one_clear_line(up: Up) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", int(up.environment["PORT"])))
        squatter.listen()
        done = up.command("up")
    assert done.returncode == 1
    assert done.stderr == (
        f"CommandError: cannot listen on 127.0.0.1:{up.environment['PORT']} (Address already in use); "
        "choose another, for example `PORT=8001 make run`.\n"
    )


@pytest.mark.parametrize("port", ["", "eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CommandError, match=f"^PORT must be a number from 1 to 65535, not {port!r}.$"):
        call_command("up")
