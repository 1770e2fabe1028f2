"""Each process says that it does not hang, from the loop that does its work, and also while others are away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from common import signs
from config.env import BASE_DIR
from tests.config.processes import wait_until

CELERY = ["-m", "celery", "-A", "config"]
WORKER = [*CELERY, "worker", "--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle"]
# Its loop is held up by what takes long, a while after its beginning; all other threads go on.
HELD_UP = """
import sys, time
from celery import bootsteps
from config.celery import app
class HoldsUp(bootsteps.StartStopStep):
    requires = ("celery.worker.consumer.tasks:Tasks",)
    def start(self, consumer):
        consumer.timer.call_after(1, time.sleep, (600,))
app.steps["consumer"].add(HoldsUp)
app.worker_main(sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs.Own, "given_at", None)


def test_a_sign_is_a_file_with_the_number_of_the_process(settings: Any, tmp_path: Path) -> None:
    signs.give_sign()
    settings.SIGN_OF_LIFE = str(tmp_path / "sign")
    signs.give_sign()
    # Not again so soon, however often a loop turns.
    assert not (tmp_path / "sign").exists()
    signs.Own.given_at = None
    signs.give_sign()
    assert int((tmp_path / "sign").read_text()) == os.getpid()


def test_systemd_is_told_if_it_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "180000000")
        signs.give_sign()
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_where_no_sign_can_be_given_the_work_goes_on_and_it_is_said_once(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SIGN_OF_LIFE = str(tmp_path / "nowhere" / "sign")
    for _ in range(2):
        signs.Own.given_at = None
        signs.give_sign()
    assert caplog.text.count("no sign of life can be given") == 1


@contextmanager
def begun(place: Path, arguments: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "tests.settings", "SIGN_OF_LIFE": str(place), "LOG_TO": "console"}
        | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def is_given_again(place: Path, seconds: float = 60) -> bool:
    """Whether another comes after the first."""
    if not wait_until(place.exists, seconds):
        return False
    first = place.stat().st_mtime_ns
    return wait_until(lambda: place.stat().st_mtime_ns > first, seconds)


def test_who_waits_for_valkey_or_the_database_goes_on_giving_signs(tmp_path: Path) -> None:
    away = {
        "REDIS_URL": f"unix://{tmp_path}/nobody-listens.sock",
        "DATABASE_URL": f"postgres://nobody@/none?host={tmp_path}",
        "BACKUP_WAL": "true",
        "VAR_DIR": str(tmp_path / "var"),
    }
    commands = {
        "worker": WORKER,
        "beat": [*CELERY, "beat", "--schedule", str(tmp_path / "schedule"), "--pidfile="],
        "events": ["manage.py", "ingest_events"],
        "wal": ["manage.py", "receive_wal"],
    }
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(begun(tmp_path / name, command, **away)) for name, command in commands.items()
        }
        assert {name for name in commands if not is_given_again(tmp_path / name)} == set()
        assert {name: process.poll() for name, process in running.items()} == dict.fromkeys(commands)


def test_a_worker_whose_loop_hangs_gives_none_any_more(tmp_path: Path) -> None:
    place, lively = tmp_path / "hangs", tmp_path / "lively"
    arguments = WORKER[len(CELERY) :]
    with begun(place, ["-c", HELD_UP, *arguments]) as process, begun(lively, WORKER):
        assert wait_until(place.exists, 60)
        last = place.stat().st_mtime
        # As long as it takes another to give two more.
        assert is_given_again(lively)
        assert wait_until(lambda: time.time() - last > 2.5 * signs.EVERY, 60)
        assert place.stat().st_mtime < last + signs.EVERY
        assert process.poll() is None


def test_ours_is_the_step_of_the_consumer() -> None:
    assert "config.signs:SignOfLife" in {f"{step.__module__}:{step.__name__}" for step in current_app.steps["consumer"]}
