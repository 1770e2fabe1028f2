"""The clock goes on after that of the machine was ahead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from celery import Celery
from celery.beat import PersistentScheduler
from celery.schedules import crontab

from config.beat import Scheduler
from config.celery import app as ours

NOW = datetime(2026, 11, 30, 10, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = 60  # seconds


@pytest.fixture
def app() -> Iterator[Celery]:
    made = Celery("a clock", broker="memory://", set_as_current=False)
    made.conf.beat_schedule = {
        "each minute": {"task": "minute", "schedule": crontab()},
        "each day": {"task": "day", "schedule": crontab(hour="3", minute="10")},
    }
    yield made
    made.close()


def seconds_to_the_next(scheduler: PersistentScheduler, turns: int = 10) -> float:
    """How long it then waits, when all that is due has been sent."""
    return next((waits for _ in range(turns) if (waits := scheduler.tick()) > 0), 0.0)


def begun(app: Celery, kept: Path, kind: type[PersistentScheduler] = Scheduler) -> PersistentScheduler:
    return kind(app=app, schedule_filename=str(kept), lazy=False)


def test_what_ran_while_the_clock_was_ahead_does_not_hold_up_what_is_due(app: Celery, tmp_path: Path) -> None:
    for kind, waits_long in ((Scheduler, False), (PersistentScheduler, True)):
        kept = tmp_path / kind.__module__
        with time_machine.travel(NOW + DAY, tick=False):
            ahead = begun(app, kept, kind)
            seconds_to_the_next(ahead)
            ahead.close()
        with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
            back = begun(app, kept, kind)
            # Celery's own would wait for a day, at most five minutes at a time.
            assert (seconds_to_the_next(back) > MINUTE) is waits_long
            back.close()


def test_a_clock_that_goes_back_while_it_runs_is_noticed(app: Celery, tmp_path: Path) -> None:
    with time_machine.travel(NOW + DAY, tick=False) as clock:
        scheduler = begun(app, tmp_path / "kept")
        seconds_to_the_next(scheduler)
        clock.move_to(NOW)
        assert seconds_to_the_next(scheduler) <= MINUTE
        sent = scheduler.schedule["each minute"].total_run_count
        clock.move_to(NOW + timedelta(minutes=1))
        seconds_to_the_next(scheduler)
        assert scheduler.schedule["each minute"].total_run_count == sent + 1
        scheduler.close()


def test_it_is_the_one_that_runs() -> None:
    assert ours.conf.beat_scheduler == "config.beat:Scheduler"
