"""What there should be one of, begun twice: the clock, the platform, a migration."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from config.env import BASE_DIR
from trials.chaos.checks import TWICE_BY_THE_CLOCK, number
from trials.chaos.outcomes import Outcome
from trials.platform import Platform

SLOTS = "SELECT count(*) FROM ops_scheduledrun"
AT_LEAST = 3  # minutes, so that there is something to be said


@contextmanager
def second_beat(platform: Platform) -> Iterator[None]:
    """Beside that of `up`, for as long as the block lasts."""
    schedule = str(platform.var / "second-beat")
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "beat", "--schedule", schedule, "--pidfile="],
        cwd=BASE_DIR,
        env=platform.environment | {"LOG_TO": "console"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def two_beats(platform: Platform, began: float) -> Outcome:
    """Of the whole time in which there were two."""
    minutes = (time.monotonic() - began) / 60
    if minutes < AT_LEAST:
        time.sleep((AT_LEAST - minutes) * 60)
    runs, twice = number(platform, SLOTS), number(platform, TWICE_BY_THE_CLOCK)
    outcome = Outcome("two clocks (Celery beat) all the while", promised=runs, doubled=twice)
    outcome.remark = f"{runs} runs by the clock in {(time.monotonic() - began) / 60:.0f} minutes"
    if runs < minutes:
        outcome.faults.append("the clock stood still")
    return outcome


def two_starts(platform: Platform) -> Outcome:
    """A second `up` in the same folder, and one that wants the same port."""
    outcome = Outcome("a second `up` in the same folder, and one on the same port")
    same_folder = platform.command("up", PORT=str(platform.port + 1))
    if same_folder.returncode != 1 or "already runs in this folder" not in same_folder.stderr:
        outcome.faults.append(f"it began: {same_folder.stderr[-200:]}")
    elsewhere = platform.command("up", VAR_DIR=f"{platform.var}-second")
    if elsewhere.returncode != 1 or "cannot listen on" not in elsewhere.stderr:
        outcome.faults.append(f"it began: {elsewhere.stderr[-200:]}")
    if not platform.answers():
        outcome.faults.append("the first one does not answer any more")
    outcome.remark = "refused in one line, the first goes on"
    return outcome


def two_migrations(platform: Platform) -> Outcome:
    """Of an empty database, at once, as where two machines are released together."""
    outcome = Outcome("two migrations of an empty database at once")
    url = platform.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE twice")
    try:
        environment = platform.environment | {
            "DATABASE_URL": url.replace("/howtoai?", "/twice?"),
            "RUNS_COMMAND": "true",
        }
        began = time.monotonic()
        both = [
            subprocess.Popen(
                [sys.executable, "manage.py", "migrate", "-v1", "--no-input"],
                cwd=BASE_DIR,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        said = [each.communicate()[1] for each in both]
        outcome.back = time.monotonic() - began
        for each, words in zip(both, said, strict=True):
            if each.returncode:
                outcome.faults.append(f"one ended with {each.returncode}: {words.strip().splitlines()[-1][:200]}")
        checked = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--check"], cwd=BASE_DIR, env=environment, check=False
        )
        if checked.returncode:
            outcome.faults.append("something is not migrated")
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            found = connection.execute(
                "SELECT count(*) - count(DISTINCT (app, name)), count(*) FROM django_migrations"
            ).fetchone()
        assert found is not None
        outcome.doubled, outcome.promised = found
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP DATABASE twice WITH (FORCE)")
    outcome.remark = "each migration is recorded once"
    return outcome
