"""What beat starts runs once for each time of its schedule, and leaves a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from celery.schedules import crontab
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import BrowserSession
from ops import schedule
from ops.models import ScheduledRun
from ops.schedule import Entry
from ops.services import runs
from ops.tasks import run_command
from tests.at_once import at_once

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
SLOT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def make_run(command: str = "clearsessions", slot: datetime = SLOT, **fields: object) -> ScheduledRun:
    values = {"task_id": "x", "begun_at": slot, "ended_at": slot + timedelta(seconds=2)} | fields
    return ScheduledRun.objects.create(command=command, slot=slot, **values)


@pytest.mark.parametrize(
    ("times", "slot"),
    [
        (crontab(), "2026-11-22 10:15"),
        (crontab(minute="*/20"), "2026-11-22 10:00"),
        (crontab(minute="5-59/10"), "2026-11-22 10:15"),
        (crontab(minute="20"), "2026-11-22 09:20"),
        (crontab(hour="3", minute="10"), "2026-11-22 03:10"),
        (crontab(hour="23", minute="10"), "2026-11-21 23:10"),
        (crontab(hour="3", minute="0", day_of_week="mon"), "2026-11-16 03:00"),
        (crontab(hour="3", minute="0", day_of_week="sunday"), "2026-11-22 03:00"),
        (crontab(hour="3", minute="0", day_of_month="31"), "2026-10-31 03:00"),
    ],
)
def test_the_latest_time_of_a_schedule_is_found(times: crontab, slot: str) -> None:
    assert f"{Entry('x', (), times).latest_slot(NOW):%Y-%m-%d %H:%M}" == slot


def test_every_schedule_of_beat_is_understood() -> None:
    for entry in schedule.entries().values():
        assert timedelta() <= NOW - entry.latest_slot(NOW) < timedelta(days=32)


@pytest.mark.django_db
def test_a_run_is_recorded_with_its_time_and_its_end() -> None:
    with time_machine.travel(NOW, tick=False):
        run_command("clearsessions")
    run = ScheduledRun.objects.get()
    assert (run.command, run.slot) == ("clearsessions", datetime(2026, 11, 22, 3, 10, tzinfo=UTC))
    assert run.is_done
    assert run.took == timedelta()


@pytest.mark.django_db
def test_a_second_message_for_the_same_time_runs_nothing() -> None:
    run_command("clearsessions")
    old = BrowserSession.objects.create(session_key="old", session_data="", expire_date=timezone.now())
    run_command("clearsessions")
    assert BrowserSession.objects.filter(pk=old.pk).exists()
    assert ScheduledRun.objects.count() == 1


@pytest.mark.django_db
def test_what_fails_is_recorded_and_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one thing with which a command of ours can be brought to fail: its arguments.
    with pytest.raises(CommandError, match="--nonsense"):
        run_command("forget_runs", "--nonsense")
    run = ScheduledRun.objects.get()
    assert run.error.startswith("CommandError: ")
    assert run.ended_at is not None
    assert not run.is_done


@pytest.mark.django_db(transaction=True)
def test_of_two_beats_at_once_one_runs() -> None:
    claimed = at_once(lambda: runs.claim(command="clearsessions", slot=SLOT, task_id=uuid4().hex))
    assert [run is None for run in claimed].count(True) == 1
    assert ScheduledRun.objects.count() == 1


@pytest.mark.django_db
def test_the_same_message_is_let_in_again_after_its_worker_died() -> None:
    make_run(task_id="first", begun_at=timezone.now(), ended_at=None)
    assert runs.claim(command="clearsessions", slot=SLOT, task_id="second") is None
    assert runs.claim(command="clearsessions", slot=SLOT, task_id="first") is not None


@pytest.mark.django_db
def test_a_run_that_was_given_up_is_done_by_the_next() -> None:
    make_run(begun_at=timezone.now() - timedelta(hours=1), ended_at=None)
    assert runs.claim(command="clearsessions", slot=SLOT, task_id="second") is not None


@pytest.mark.django_db
def test_what_has_ended_is_not_begun_again_by_the_same_message() -> None:
    make_run(task_id="first")
    assert runs.claim(command="clearsessions", slot=SLOT, task_id="first") is None


@pytest.mark.django_db
def test_old_runs_are_forgotten_but_for_the_last_good_one_of_each() -> None:
    long_ago = timezone.now() - timedelta(days=40)
    kept = make_run("monthly", slot=long_ago)
    make_run("monthly", slot=long_ago - timedelta(days=31))
    make_run("daily", slot=long_ago)
    recent = make_run("daily", slot=timezone.now() - timedelta(days=1))
    call_command("forget_runs", verbosity=0)
    assert set(ScheduledRun.objects.all()) == {kept, recent}
