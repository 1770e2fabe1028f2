"""Days of the log that are over: in the archive, whole, before they are dropped; and found there again."""

from __future__ import annotations

import gc
import gzip
import json
import os
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from config.settings import STORAGES
from ops.logs.store import DAYS
from ops.models import Level, SystemLog
from ops.services import archiving
from ops.services.archiving import ArchiveError, Busy, archive_logs
from ops.services.log_search import Wish, find
from tests.ops.backups.s3 import S3, s3  # noqa: F401 - a fixture
from tests.ops.said import store_records

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
OLD = NOON - timedelta(days=40)
OLDER = NOON - timedelta(days=41)


@pytest.fixture(autouse=True)
def archive(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    local = STORAGES["log_archive"] | {"OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"log_archive": local}
    return folder


@pytest.fixture(autouse=True)
def no_partitions(transactional_db: None) -> None:
    """Those of other tests."""
    with connection.cursor() as cursor:
        for day in list(DAYS.days(cursor)):
            DAYS.drop(cursor, day)


def days() -> list[str]:
    with connection.cursor() as cursor:
        return [str(day) for day in DAYS.days(cursor)]


def test_a_bucket_serves_as_well(s3: S3, settings: Any) -> None:  # noqa: F811 - the fixture
    bucket = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": s3.options()}
    settings.STORAGES = settings.STORAGES | {"log_archive": bucket}
    store_records(("old %s", 1), ("old %s", 2), at=OLD)
    (manifest,) = archive_logs()
    assert sorted(s3.keys()) == [f"site/{manifest.file}".replace(".jsonl.gz", ".json"), f"site/{manifest.file}"]
    assert days() == []
    found = find(Wish(OLD - timedelta(hours=1), OLD + timedelta(hours=1)))
    assert [record.message for record in found] == ["old 1", "old 2"]


def test_a_day_that_is_over_for_long_is_archived_and_dropped(archive: Path) -> None:
    store_records(("old %s", 1), ("old %s", 2), at=OLD)
    store_records(("new", None), at=NOON)
    (manifest,) = archive_logs()
    assert (manifest.day, manifest.rows) == (str(OLD.date()), 2)
    assert [record.message for record in SystemLog.objects.all()] == ["new"]
    assert days() == [str(NOON.date())]
    with gzip.open(archive / manifest.file) as file:
        assert [json.loads(line)["message"] for line in file] == ["old 1", "old 2"]
    assert list(archive_logs()) == []


def test_what_is_archived_is_on_the_disk_before_the_day_is_dropped(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's drop survives a power cut; so must what takes its place."""
    store_records(("old", None), at=OLD)
    synced, fsync = set(), os.fsync

    def note(descriptor: int) -> None:
        fsync(descriptor)
        assert days() == [str(OLD.date())]
        synced.add(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", note)
    (manifest,) = archive_logs()
    path = archive / manifest.file
    wanted = (path, path.with_name(path.name.replace(".jsonl.gz", ".json")), *list(path.parents)[:4])
    assert wanted[-1] == archive.parent
    assert synced == {each.stat().st_ino for each in wanted}


def test_a_month_stays(archive: Path) -> None:
    store_records(("said", None), at=NOON - timedelta(days=30))
    assert list(archive_logs()) == []
    assert SystemLog.objects.count() == 1


def test_an_empty_day_is_only_dropped(archive: Path) -> None:
    store_records(("said", None), at=OLD)
    SystemLog.objects.all().delete()
    assert list(archive_logs()) == []
    assert days() == []


def test_what_comes_late_becomes_another_part(archive: Path) -> None:
    store_records(("first", None), at=OLD)
    assert len(list(archive_logs())) == 1
    store_records(("late", None), at=OLD + timedelta(seconds=1))
    (manifest,) = archive_logs()
    assert manifest.file.endswith(".2.jsonl.gz")
    assert [record.message for record in find(Wish(OLD, OLD + timedelta(hours=1)))] == ["first", "late"]


def test_a_file_without_a_manifest_is_made_anew(archive: Path) -> None:
    """A run was killed before it had written all."""
    store_records(("said", None), at=OLD)
    name = f"{OLD:%Y/%m}/systemlog-{OLD.date()}.1.jsonl.gz"
    storages["log_archive"].save(name, ContentFile(b"half of"))
    (manifest,) = archive_logs()
    assert (manifest.file, manifest.rows, days()) == (name, 1, [])


def test_a_run_that_was_killed_before_it_dropped_goes_on_from_there(archive: Path) -> None:
    store_records(("said", None), at=OLD)
    archiving.write(OLD.date(), part=1)
    (manifest,) = archive_logs()
    assert manifest.file.endswith(".1.jsonl.gz")
    assert (len(list(archive.rglob("*.gz"))), days()) == (1, [])


class Killed(ContentFile):
    """Whoever stores this is killed in the middle of it."""

    def read(self, num_bytes: int | None = None) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_that_was_killed_while_it_wrote_a_manifest_goes_on(archive: Path) -> None:
    store_records(("said", None), at=OLD)
    name = f"{OLD:%Y/%m}/systemlog-{OLD.date()}.1"
    storages["log_archive"].save(f"{name}.jsonl.gz", ContentFile(b"what it had dumped"))
    child = os.fork()
    if not child:
        storages["log_archive"].save(f"{name}.json", Killed(b"{}"))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    (manifest,) = archive_logs()
    assert (manifest.rows, days()) == (1, [])
    assert [record.message for record in find(Wish(OLD, OLD + timedelta(hours=1)))] == ["said"]


@pytest.mark.parametrize("damage", ["cut", "altered", "gone"])
def test_a_file_that_is_not_what_was_written_keeps_the_day(archive: Path, damage: str) -> None:
    store_records(("said", None), at=OLD)
    manifest = archiving.write(OLD.date(), part=1)
    path = archive / manifest.file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if damage == "cut" else content[:-1] + b"!")
    with pytest.raises(CommandError):
        call_command("archive_logs")
    assert SystemLog.objects.count() == 1
    # Nor does the run that failed keep others from trying.
    with pytest.raises(CommandError, match=r"^(?!Another)"):
        call_command("archive_logs")


def test_a_record_that_comes_in_meanwhile_keeps_the_day(archive: Path) -> None:
    store_records(("said", None), at=OLD)
    with pytest.raises(ArchiveError, match="came in while it was archived"):
        archiving.drop(OLD.date(), rows=0)
    assert SystemLog.objects.count() == 1


def test_two_runs_at_once_are_one() -> None:
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('archive_logs', 0))")
        with pytest.raises(Busy):
            list(archive_logs())
        # A connection goes back to the pool with what it holds.
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()


def test_today_is_not_archived() -> None:
    with pytest.raises(CommandError, match="Today cannot be archived"):
        call_command("archive_logs", keep_days=0)


def logs(*words: str) -> list[str]:
    said = StringIO()
    call_command("logs", *words, stdout=said)
    return said.getvalue().splitlines()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--level=debug",), ["a payment", "a payment failed", "only a detail", "a post"]),
        ((), ["a payment", "a payment failed", "a post"]),
        (("--level", "error"), ["a payment failed"]),
        (("payment",), ["a payment", "a payment failed"]),
        (("PAYMENT",), ["a payment", "a payment failed"]),
        (("--logger", "billing"), ["a payment", "a payment failed"]),
        (("--logger", "bill"), []),
        (("--user", "7"), ["a payment"]),
        (("--request", "abc"), ["a payment failed"]),
        (("no such",), []),
    ],
)
@pytest.mark.parametrize("archived", [False, True], ids=["in the database", "in the archive"])
def test_the_log_is_searched_wherever_it_lies(words: tuple[str, ...], found: list[str], archived: bool) -> None:
    at = OLD if archived else NOON - timedelta(days=1)
    store_records(("a payment", None), at=at, name="billing", user_id=7)
    failed = at + timedelta(seconds=1)
    store_records(("a payment failed", None), at=failed, name="billing.x", level=Level.ERROR, request_id="abcdef")
    store_records(("only a detail", None), at=at + timedelta(seconds=2), name="billing", level=Level.DEBUG)
    store_records(("a post", None), at=at + timedelta(seconds=3), name="community")
    store_records(("another day", None), at=OLDER)
    if archived:
        assert len(list(archive_logs())) == 2
    lines = logs("--json", f"--since={at.isoformat()}", f"--until={(at + timedelta(hours=1)).isoformat()}", *words)
    assert [json.loads(line)["message"] for line in lines] == found


def test_a_day_is_one_of_utc_wherever_one_asks_from() -> None:
    at = OLD.replace(hour=23, minute=30)
    store_records(("late in the day", None), at=at)
    assert len(list(archive_logs())) == 1
    there = at.astimezone(timezone(timedelta(hours=14)))
    assert [each.message for each in find(Wish(there - timedelta(minutes=1), there + timedelta(minutes=1)))] == [
        "late in the day"
    ]


def test_whoever_reads_an_archived_day_may_take_their_time() -> None:
    """Piped into a pager, it waits within the transaction that holds the day."""
    store_records(("first", None), ("second", None), at=OLD)
    assert len(list(archive_logs())) == 1

    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            return str(cursor.fetchone()[0])

    with closing(find(Wish(OLD, OLD + timedelta(hours=1)))) as found:
        assert next(found).message == "first"
        assert limit() == "0"
        assert [each.message for each in found] == ["second"]
    assert limit() == "1min"


MANY = """
INSERT INTO ops_systemlog (
    id, created_at, level, logger, message, request_id, method, path, task, process, context, exception, fingerprint
)
SELECT gen_random_uuid(), %s, 20, 'x', 'said', '', '', '', '', 'x', '{}', '', '' FROM generate_series(1, %s)
"""


class Alive(StringIO):
    """Counts at its last line how many more ids of records are held than at its first."""

    lines, ids = 0, 0

    def write(self, text: str) -> int:
        self.lines += 1
        if self.lines in (1, NUMBER):
            gc.collect()
            self.ids = sum(type(each) is UUID for each in gc.get_objects()) - self.ids
        return len(text)


# Django reads 2,000 at once.
NUMBER = 9_000


def test_records_that_were_shown_are_not_kept() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        DAYS.ensure(cursor, NOON.date())
        cursor.execute(MANY, [NOON - timedelta(seconds=1), NUMBER])
    out = Alive()
    call_command("logs", f"--since={NOON.date()}", "--json", stdout=out)
    assert out.lines == NUMBER
    assert out.ids < NUMBER / 2


def test_people_get_one_line_each() -> None:
    store_records(("said", None), at=datetime.now(UTC), level=Level.WARNING, user_id=7)
    (line,) = logs()
    assert "WARNING" in line
    assert "said user_id=7" in line


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "5y", "", "999999999999d"])
def test_a_time_that_is_none_is_refused_in_words(since: str) -> None:
    with pytest.raises(CommandError, match=r"say it as|there is no such time"):
        call_command("logs", f"--since={since}")
