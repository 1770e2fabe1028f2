"""Each problem is told once when it begins and once when it is over, also when it is the worker that is silent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from accounts.models import User
from common import metrics
from ops import maintenance, problems, state, watcher
from ops.gateways.backups import server
from ops.metrics import exposition
from ops.models import Alarm, Problem, ScheduledRun
from ops.services import runs, watching
from tests.at_once import at_once
from tests.brokers import valkey_away
from tests.config.processes import wait_until
from tests.ops.test_maintenance import flag  # noqa: F401 - a flag of this test's own
from tests.postbox import Postbox

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def all_is_well(db: None, settings: Any, flag: Any) -> Iterator[None]:  # noqa: F811
    settings.ADMINS = [("", "ops@howtoai.example")]
    worker().say()
    with time_machine.travel(NOW, tick=False):
        yield


def worker() -> metrics.Reporter:
    return metrics.Reporter("worker")


def make_run(command: str, ago: timedelta, **fields: object) -> ScheduledRun:
    slot = timezone.now().replace(second=0) - ago
    values = {"task_id": "x", "begun_at": slot, "ended_at": slot} | fields
    return ScheduledRun.objects.create(command=command, slot=slot, **values)


def keys() -> list[str]:
    return [problem.key for problem in problems.problems()]


def test_all_is_well() -> None:
    make_run("apply_events", timedelta(minutes=1))
    assert keys() == []
    out = StringIO()
    call_command("check_system", stdout=out)
    assert out.getvalue() == "0 problems.\n"


def test_a_problem_is_told_once_however_long_it_lasts(postbox: Postbox, caplog: pytest.LogCaptureFixture) -> None:
    metrics.valkey().flushdb()
    for _ in range(3):
        watching.check()
    mail = postbox.only()
    assert mail["To"] == "ops@howtoai.example"
    assert mail["Subject"] == "[How-to-AI] No worker has given a sign of life for half a minute."
    assert "Start it: celery -A config worker" in mail.get_content()
    assert "/admin/ops/system/" in mail.get_content()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_its_end_is_told_once_and_its_return_again(postbox: Postbox) -> None:
    metrics.valkey().flushdb()
    watching.check()
    worker().say()
    watching.check()
    watching.check()
    assert [mail["Subject"].partition("]")[2][:6] for mail in postbox.taken] == [" No wo", " Over:"]
    metrics.valkey().flushdb()
    watching.check()
    assert len(postbox.taken) == 3
    assert Alarm.objects.filter(key="worker").count() == 2


def test_problems_that_begin_together_are_one_mail(postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.valkey().flushdb()
    monkeypatch.setattr(problems, "FULL_DISK", 0.0)
    watching.check()
    assert postbox.only()["Subject"].endswith("(and 1 more)")
    assert "The disk with our data, " in postbox.only().get_content()


def test_each_disk_that_fills_is_named_by_the_folder_that_lies_there(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backups on another disk; a folder for scratch that is not made yet, on that of our data."""
    monkeypatch.setattr(problems, "FULL_DISK", -1.0)
    settings.BACKUP_SCRATCH = Path(settings.VAR_DIR) / "made" / "when it is needed"
    assert [problem.key for problem in problems.disk()] == ["disk"]
    settings.BACKUP_FOLDER = another_disk(settings.VAR_DIR) / "not there yet"
    ours, of_backups = problems.disk()
    assert f"{settings.VAR_DIR} (VAR_DIR)" in ours.text
    assert of_backups.key == "disk:BACKUP_FOLDER"
    assert f"{settings.BACKUP_FOLDER.parent} (BACKUP_FOLDER)" in of_backups.text
    settings.BACKUP_S3_BUCKET = "elsewhere"
    assert [problem.key for problem in problems.disk()] == ["disk"]


def test_a_disk_that_cannot_be_looked_at_is_an_alarm_and_hides_no_other(
    settings: Any, postbox: Postbox, admin: User, client: Client
) -> None:
    """As a share whose server is away: asked for, it is an error; here for a name that is longer than any may be."""
    settings.BACKUP_FOLDER = Path(settings.VAR_DIR) / ("x" * 300)
    metrics.valkey().flushdb()
    watching.check()
    assert set(Alarm.objects.lasting().values_list("key", flat=True)) == {"worker", "disk:BACKUP_FOLDER"}
    assert "(BACKUP_FOLDER) cannot be looked at: File name too long." in postbox.only().get_content()
    client.force_login(admin)
    assert "Cannot be looked at: File name too long" in client.get("/admin/ops/system/").content.decode()
    assert b'howtoai_disk_used_ratio{folder="VAR_DIR"}' in exposition.text()


def another_disk(folder: str) -> Path:
    """One of memory, which Linux has."""
    memory = Path("/dev/shm")  # noqa: S108 - nothing is written there
    if not memory.exists() or memory.stat().st_dev == Path(folder).stat().st_dev:
        pytest.skip("there is no second disk here")
    return memory


def test_a_mail_that_cannot_be_sent_is_tried_again_at_the_next_check(postbox: Postbox) -> None:
    postbox.answers = ["451 later"]
    metrics.valkey().flushdb()
    watching.check()
    assert postbox.taken == []
    watching.check()
    assert "No worker" in postbox.only()["Subject"]


def test_without_admins_the_log_alone_is_told(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.ADMINS = []
    metrics.valkey().flushdb()
    watching.check()
    watching.check()
    assert sum("No worker" in record.message for record in caplog.records) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_checks_at_once_one_tells(postbox: Postbox) -> None:
    metrics.valkey().flushdb()
    at_once(watching.check)
    watching.check()
    assert len(postbox.taken) == 1


@pytest.mark.django_db(transaction=True)
def test_a_slow_mail_server_holds_up_no_transaction(postbox: Postbox) -> None:
    """PostgreSQL would end it after a minute: the mail has left, nothing is noted, and it is sent again each minute."""
    seen = []

    def look() -> None:
        with server.connected() as other:
            seen.append(server.one(other, "SELECT count(*) FROM ops_alarm"))
            seen.append(
                server.one(
                    other,
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
                )
            )

    postbox.meanwhile = look
    metrics.valkey().flushdb()
    watching.check()
    assert seen == [1, 0]
    assert Alarm.objects.get().told_begin


@pytest.mark.django_db(transaction=True)
def test_what_begins_while_a_mail_leaves_is_told_by_the_next(postbox: Postbox) -> None:
    def begin() -> None:
        with server.connected() as other:
            other.execute(
                "INSERT INTO ops_alarm (key, text, begun_at, told_begin, told_end)"
                " VALUES ('backup:storage', 'A backup is gone.', now(), false, false)"
            )

    postbox.meanwhile = begin
    metrics.valkey().flushdb()
    watching.check()
    assert "A backup is gone." not in postbox.only().get_content()
    postbox.meanwhile = lambda: None
    watching.check()
    assert "A backup is gone." in postbox.taken[1].get_content()


def test_a_role_that_may_do_everything_is_a_problem_in_production(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("apply_events", timedelta(minutes=1))
    # The tests have an embedded server, where it is none.
    assert keys() == []
    monkeypatch.setattr(state, "EMBEDDED_CLUSTER", "of somebody else")
    (problem,) = problems.problems()
    assert problem.key == "role"
    assert problem.text.startswith("Our role in PostgreSQL, howtoai, is a superuser")
    settings.DEBUG = True
    assert keys() == []
    settings.DEBUG = False
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE ordinary; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ordinary")
        cursor.execute("SET LOCAL ROLE ordinary")
    assert keys() == []


def test_a_command_that_has_not_done_its_work_in_time_is_late() -> None:
    make_run("apply_events", timedelta(minutes=1))
    make_run("erase_accounts", timedelta(hours=3))
    assert keys() == ["late:erase_accounts"]
    (problem,) = problems.problems()
    assert problem.text == "erase_accounts is late: it last did its work 3\xa0hours ago."
    assert problem.remedy.endswith("manage.py erase_accounts")


def test_one_whose_last_run_failed_is_late_and_says_of_what() -> None:
    make_run("apply_events", timedelta(minutes=1))
    make_run("erase_accounts", timedelta(minutes=115))
    make_run("erase_accounts", timedelta(minutes=55), error="CommandError: 3 accounts could not be erased")
    (problem,) = problems.problems()
    assert problem.text.endswith("Its last run failed: CommandError: 3 accounts could not be erased")


def test_what_is_mailed_is_scrubbed_as_the_log_is(postbox: Postbox) -> None:
    words = "postgres://app:hunter2@db.example/app refused ada@howtoai.example"
    make_run("apply_events", timedelta(minutes=1))
    run = make_run("erase_accounts", timedelta(hours=3), ended_at=None)
    runs.finish(run, ValueError(words))
    watching.check()
    watching.begin(Problem("x", words, "Mend it."))
    assert run.error == "ValueError: postgres://app:[masked]@db.example/app refused [masked]"
    assert run.error in postbox.only().get_content()
    alarm = Alarm.objects.get(key="x")
    assert alarm.text == "postgres://app:[masked]@db.example/app refused [masked]\nMend it."


def test_one_that_has_never_run_may_be_new_and_one_that_always_failed_is_late() -> None:
    make_run("apply_events", timedelta(minutes=1))
    assert keys() == []
    make_run("clearsessions", timedelta(hours=8), error="x")
    assert keys() == ["late:clearsessions"]


def test_a_clock_that_stands_still_is_one_problem_and_not_eighteen() -> None:
    make_run("apply_events", timedelta(minutes=11))
    make_run("erase_accounts", timedelta(days=1))
    assert keys() == ["clock"]


def test_a_clock_that_was_never_started_is_a_problem_once_the_site_is_no_longer_new(postbox: Postbox) -> None:
    MigrationRecorder.Migration.objects.update(applied=NOW - timedelta(minutes=9))
    assert keys() == []
    MigrationRecorder.Migration.objects.update(applied=NOW - timedelta(minutes=11))
    assert keys() == ["clock"]
    # There is no clock to look for itself.
    assert watcher.look(was_silent=watcher.look(was_silent=False))
    assert "Nothing has ever run by the clock." in postbox.only()["Subject"]


def test_what_cannot_be_told_any_more_is_not_over(postbox: Postbox) -> None:
    make_run("apply_events", timedelta(minutes=1))
    make_run("erase_accounts", timedelta(hours=3))
    watching.check()
    metrics.valkey().flushdb()
    watching.check()
    lasting = Alarm.objects.lasting().order_by("pk").values_list("key", flat=True)
    assert list(lasting) == ["late:erase_accounts", "worker"]
    worker().say()
    make_run("erase_accounts", timedelta(minutes=55))
    watching.check()
    assert not Alarm.objects.lasting().exists()
    subjects = [mail["Subject"].partition("] ")[2] for mail in postbox.taken]
    assert [subject[:5] for subject in subjects] == ["erase", "No wo", "Over:"]


def test_a_deep_queue_is_a_problem() -> None:
    metrics.valkey().rpush("celery", *["x"] * (problems.DEEP_QUEUE + 1))
    assert keys() == ["queue"]


def test_migrations_that_wait_are_a_problem() -> None:
    newest = MigrationRecorder.Migration.objects.filter(app="ops").order_by("name").last()
    assert newest is not None
    newest.delete()
    (problem,) = problems.problems()
    assert problem.text == f"1 migrations are not applied, the first is ops.{newest.name}."


def test_valkey_that_does_not_answer_is_a_problem() -> None:
    with valkey_away():
        assert keys() == ["valkey"]
        assert watching.catch_up() == []


def test_during_maintenance_nothing_is_late() -> None:
    make_run("apply_events", timedelta(hours=1))
    maintenance.begin()
    assert keys() == []


def test_what_was_missed_is_run_and_is_not_late_meanwhile() -> None:
    make_run("check_system", timedelta(minutes=0))
    make_run("clearsessions", timedelta(days=1, hours=7, minutes=5))
    assert [problem.key for problem in problems.problems(caught_up=["clearsessions"])] == []
    # There is no worker in tests: what is queued is done at once.
    assert watching.catch_up() == ["clearsessions"]
    run = ScheduledRun.objects.filter(command="clearsessions").order_by("-slot").first()
    assert run is not None
    assert (run.slot, run.is_done) == (datetime(2026, 11, 22, 3, 10, tzinfo=UTC), True)
    assert watching.catch_up() == []


def test_the_web_server_looks_after_a_clock_that_is_silent_twice_in_a_row(postbox: Postbox) -> None:
    make_run("check_system", timedelta(minutes=20))
    assert watcher.look(was_silent=False)
    assert postbox.taken == []
    assert watcher.look(was_silent=True)
    assert "Nothing has run by the clock" in postbox.only()["Subject"]
    make_run("check_system", timedelta(minutes=1))
    assert not watcher.look(was_silent=True)


@pytest.mark.django_db(transaction=True)
def test_the_watcher_of_the_web_server_lives_on_whatever_happens(
    postbox: Postbox, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    make_run("check_system", timedelta(minutes=20))
    monkeypatch.setattr(watcher, "EVERY", 0.01)
    # The disk with our data is not mounted.
    there, settings.VAR_DIR = settings.VAR_DIR, tmp_path / "away"
    ended = threading.Event()
    thread = threading.Thread(target=watcher.watch, args=(ended,))
    thread.start()
    assert wait_until(lambda: "the system cannot be checked" in caplog.text)
    settings.VAR_DIR = there
    assert wait_until(lambda: postbox.taken != [])
    ended.set()
    thread.join()
    assert "Nothing has run by the clock" in postbox.only()["Subject"]


def test_the_web_server_waits_during_maintenance(postbox: Postbox) -> None:
    make_run("check_system", timedelta(minutes=20))
    maintenance.begin()
    assert not watcher.look(was_silent=True)
    assert postbox.taken == []
