"""Staff who may see it find the state of each part, and what to do about what is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from common import metrics
from common.metrics import Tally
from config.env import BASE_DIR
from ops import slow
from ops.gateways.backups import cluster
from ops.models import Alarm, BackupLog, ScheduledRun, WriteAheadLog
from ops.overview import overview
from tests.brokers import valkey_away

ADDRESS = "/admin/ops/system/"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    Tally.counts.clear()
    yield
    Tally.counts.clear()


@pytest.fixture
def staff(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def make_run(command: str, at: datetime, **fields: object) -> ScheduledRun:
    values = {"task_id": "x", "begun_at": at, "ended_at": at} | fields
    return ScheduledRun.objects.create(command=command, slot=at, **values)


def page(client: Client) -> str:
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_all_is_well_where_nothing_is_wrong(staff: Client) -> None:
    make_run("apply_events", timezone.now())
    for kind in ("web", "worker"):
        metrics.Reporter(kind).say()
    shown = page(staff)
    assert "All is well." in shown
    assert "0 waiting, 0 in work" in shown
    assert "All applied" in shown
    assert "mark--amiss" not in shown


def test_a_clock_that_has_never_gone_is_open_and_then_amiss(staff: Client) -> None:
    card = '<dt>Clock (beat)</dt> <dd class="mark mark--{}">'
    for minutes, mark in ((1, "open"), (11, "amiss")):
        MigrationRecorder.Migration.objects.update(applied=timezone.now() - timedelta(minutes=minutes))
        assert card.format(mark) in page(staff)


def test_each_problem_comes_with_what_to_do(staff: Client) -> None:
    now = timezone.now()
    make_run("erase_accounts", now - timedelta(days=1), error="CommandError: <no>")
    make_run("apply_events", now)
    shown = page(staff)
    assert "1 problem <" in shown
    assert "No worker has given a sign of life" in shown
    assert "Start it: celery -A config worker" in shown
    metrics.Reporter("worker").say()
    shown = page(staff)
    assert "erase_accounts is late" in shown
    assert "Run it by hand and see what it says: manage.py erase_accounts" in shown
    assert "CommandError: &lt;no&gt;" in shown


def test_backups_are_neither_good_nor_amiss_until_one_is_proven(staff: Client) -> None:
    card = '<dt>Backups</dt> <dd class="mark mark--{}">'
    assert card.format("open") + " Not yet known" in page(staff)
    now = timezone.now()
    log = BackupLog.objects.create(
        name="logical-x", state="done", begun_at=now, ended_at=now, recovery_point=now, size=1, sha256="0" * 64
    )
    assert card.format("open") in page(staff)
    log.verdict, log.verified_at, log.recovery_seconds = "passed", now, 400.0
    log.save()
    assert card.format("good") in page(staff)
    BackupLog.objects.create(
        name="logical-y", state="failed", begun_at=now, ended_at=now, error="No space left on device."
    )
    shown = page(staff)
    assert card.format("amiss") in shown
    assert shown.count("failed: No space left on device.") == 1


def test_how_far_the_log_of_the_database_is_stored(staff: Client, settings: LazySettings) -> None:
    assert "Write-ahead log" not in staff.get(ADDRESS).content.decode()
    settings.BACKUP_WAL = True
    assert "Nothing is stored yet" in staff.get(ADDRESS).content.decode()
    now = timezone.now()
    WriteAheadLog.objects.create(beaten_at=now, stored_until=now - timedelta(minutes=3))
    assert "Stored up to 3 minutes ago" in staff.get(ADDRESS).content.decode()
    WriteAheadLog.objects.update(stored_until=now - timedelta(minutes=29, seconds=30), problem="The bucket is gone.")
    shown = page(staff)
    assert "The write-ahead log of the last 30 minutes is not in the storage. The bucket is gone." in shown


def test_the_slowest_views_come_first(staff: Client) -> None:
    for view, seconds, times in (("quick", 0.001, 50), ("slow", 0.4, 20), ("sometimes slow", 0.001, 30)):
        for _ in range(times):
            metrics.REQUEST_SECONDS.observe(seconds, view)
    metrics.REQUEST_SECONDS.observe(30, "sometimes slow")
    metrics.flush()
    assert [(view.name, view.requests, view.shown_p95) for view in slow.slowest_views()] == [
        ("slow", 20, "≤ 500 ms"),
        ("sometimes slow", 31, "≤ 2 ms"),
        ("quick", 50, "≤ 2 ms"),
    ]
    shown = page(staff)
    assert shown.index(">slow<") < shown.index(">sometimes slow<") < shown.index(">quick<")


def test_what_another_release_has_counted_is_left_out(staff: Client) -> None:
    metrics.REQUEST_SECONDS.observe(0.001, "view")
    metrics.flush()
    name, key = metrics.REQUEST_SECONDS.name, metrics.day_key(datetime.now(UTC))
    for labels in (("view", "GET", "3"), ("view", "99"), ("3",)):
        metrics.valkey().hincrbyfloat(key, metrics.SEPARATOR.join((name, *labels)), 1)
    assert [(view.name, view.requests) for view in slow.slowest_views()] == [("view", 1)]


def test_a_view_that_is_slower_than_any_bucket_says_so() -> None:
    assert slow.percentile([0.0] * len(metrics.REQUEST_SECONDS.bounds) + [3.0]) is None
    assert slow.View("x", 3, 20, None).shown_p95 == "> 10.0 s"


def test_the_slowest_queries_are_those_that_postgresql_counts(staff: Client) -> None:
    assert "and give CREATE EXTENSION pg_stat_statements in our database, as a superuser." in page(staff)
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_stat_statements")
        # What other tests have asked may have taken longer.
        cursor.execute("SELECT pg_stat_statements_reset()")
        cursor.execute("SELECT pg_sleep(0.2) AS   slowest_of_all")
    slowest = slow.slowest_statements().slowest
    assert any("pg_sleep($1) AS slowest_of_all" in statement.text for statement in slowest)
    assert [statement.mean for statement in slowest] == sorted((each.mean for each in slowest), reverse=True)
    assert "slowest_of_all" in page(staff)


def test_an_ordinary_role_sees_the_slowest_queries_too(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_stat_statements")
        cursor.execute("CREATE ROLE ordinary; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ordinary")
        cursor.execute("SET LOCAL ROLE ordinary")
    assert overview().statements.missing == ""


LOOK = """
import django
django.setup()
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from ops import slow
connection.cursor().execute("CREATE EXTENSION pg_stat_statements")
print(slow.slowest_statements().missing)
"""


@pytest.fixture
def bare_server() -> Iterator[str]:
    """The address of a server that loads nothing."""
    folder = Path(tempfile.mkdtemp(prefix="how-to-ai-bare-"))
    data = folder / "data"
    data.mkdir()
    for path in (folder, data):
        if who := cluster.account():
            os.chown(path, who.pw_uid, who.pw_gid)

    def run(name: str, *arguments: str) -> None:
        command = [str(Path(settings.PG_BIN) / name), "-D", str(data), *arguments]
        # A server that it starts would hold a pipe open.
        subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, check=True, **cluster.identity())

    run("initdb", "-U", "howtoai", "--auth=trust", "--no-sync")
    run("pg_ctl", "start", "--wait", "-l", str(folder / "log"), "-o", f"-c listen_addresses= -k {folder}")
    try:
        yield f"postgres://howtoai@/postgres?host={folder}"
    finally:
        run("pg_ctl", "stop", "--wait", "-m", "immediate")
        shutil.rmtree(folder)


def test_a_server_that_counts_no_statements_is_told_how_to(bare_server: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOOK],
        cwd=BASE_DIR,
        env=os.environ | {"DATABASE_URL": bare_server, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "PostgreSQL does not count its statements. Add pg_stat_statements to" in done.stdout


def test_alarms_of_late_are_listed(staff: Client) -> None:
    now = timezone.now()
    Alarm.objects.create(key="disk", text="The disk is full.", begun_at=now - timedelta(hours=2), ended_at=now)
    assert "for 2 hours </p> <p>The disk is full.</p>" in page(staff)


def test_without_valkey_the_page_still_stands(staff: Client) -> None:
    with valkey_away():
        shown = page(staff)
    assert "Valkey does not answer" in shown
    assert "Unknown without Valkey" in shown


def test_queries_do_not_grow_with_what_has_run(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(staff)
        return len(captured)

    make_run("clearsessions", timezone.now())
    page(staff)
    before = queries()
    for hours in range(20):
        at = timezone.now() - timedelta(hours=hours)
        make_run("apply_events", at)
        Alarm.objects.create(key=f"x{hours}", text="x", begun_at=at, ended_at=at)
    assert queries() == before


def test_it_is_for_administrators(author: User, moderator: User, learner: User, visitor: Client) -> None:
    for person, status in ((author, 403), (moderator, 403), (learner, 302)):
        client = Client()
        client.force_login(person)
        assert client.get(ADDRESS).status_code == status
    assert visitor.get(ADDRESS).status_code == 302


def test_the_admin_leads_there(staff: Client) -> None:
    assert ADDRESS in staff.get("/admin/").content.decode()
