"""What is said reaches the database, whatever happens on the way; nobody waits for it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from common.logging import ConsoleHandler, ContextLogger, JsonFormatter, binding
from common.spool import Spool, Taken, left_behind
from config.env import BASE_DIR
from ops import problems
from ops.logs.handler import DatabaseHandler, program
from ops.logs.shipping import REFUSED, as_shipper, here
from ops.logs.store import DAYS, Store
from ops.models import ErrorGroup, Level, SystemLog

pytestmark = pytest.mark.django_db(transaction=True)


class Said:
    """A logger whose records go to the database by a handler of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plain = logging.getLogger("tests.said")
        self.plain.setLevel(logging.DEBUG)
        self.logger = ContextLogger(self.plain)
        self.handler = self.begin()

    def begin(self, **options: Any) -> DatabaseHandler:
        self.handler = DatabaseHandler(self.folder, **options)
        for name in ("tests.said", "ops.logs"):
            logging.getLogger(name).handlers = [self.handler]
        return self.handler

    def end(self) -> None:
        """As the end of a process."""
        self.handler.close()

    def messages(self) -> list[str]:
        return list(SystemLog.objects.order_by("created_at", "id").values_list("message", flat=True))

    def spools(self) -> list[Path]:
        return sorted(self.folder.glob("*.spool"))


@pytest.fixture
def said(tmp_path: Path) -> Iterator[Said]:
    said = Said(tmp_path / "spool")
    yield said
    said.end()
    for name in ("tests.said", "ops.logs"):
        logging.getLogger(name).handlers = []


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The database is away; returns what brings it back."""
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    return monkeypatch.undo


def test_a_record_becomes_a_row(said: Said) -> None:
    with binding(method="GET", path="/a/", user_id=7):
        said.logger.warning("Something was said", status=404, duration_ms=1.5, reason="none", password="x")
    said.end()
    row = SystemLog.objects.get()
    assert (row.level, row.logger, row.message) == (Level.WARNING, "tests.said", "Something was said")
    assert (row.method, row.path, row.user_id, row.status, row.duration_ms) == ("GET", "/a/", 7, 404, 1.5)
    assert row.context == {"reason": "none", "password": "[masked]"}
    assert abs(row.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert str(os.getpid()) in row.process
    assert said.spools() == []


def test_a_record_survives_the_rollback_of_what_was_going_on(said: Said) -> None:
    @transaction.atomic
    def fail_after_a_word() -> None:
        said.logger.info("before it failed")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_a_word()
    said.end()
    assert said.messages() == ["before it failed"]


def test_each_day_has_a_partition(said: Said) -> None:
    for days in (0, 1, 40):
        record = logging.makeLogRecord({"name": "x", "msg": f"{days} days ago", "levelno": 20, "levelname": "INFO"})
        record.created -= days * 86_400
        said.handler.emit(record)
    said.end()
    assert SystemLog.objects.count() == 3
    today = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        days_there = list(DAYS.days(cursor))
    assert {today - timedelta(days=days) for days in (0, 1, 40)} <= set(days_there)


def test_while_the_database_is_away_records_wait_and_come_in_order(said: Said, away: Callable[[], None]) -> None:
    for number in range(5):
        said.logger.info("number %s", number)
    said.end()
    (spool,) = said.spools()
    assert spool.read_bytes().count(b"\n") == 5
    away()
    said.begin()
    said.logger.info("number 5")
    said.end()
    assert said.messages() == [f"number {number}" for number in range(6)]
    assert said.spools() == []


def test_what_is_shipped_twice_is_stored_and_counted_once(said: Said, away: Callable[[], None]) -> None:
    said.logger.error("it broke")
    said.end()
    away()
    (spool,) = said.spools()
    for _ in range(2):
        store = Store()
        store.put(spool.read_bytes().splitlines())
        store.close()
    assert SystemLog.objects.count() == 1
    assert ErrorGroup.objects.get().count == 1


SPEAK = """
import logging, os, signal, sys
from ops.logs.handler import DatabaseHandler, program
import django
django.setup()
said = logging.getLogger("tests.child")
said.setLevel(logging.INFO)
said.addHandler(DatabaseHandler(sys.argv[1]))
for number in range(200):
    said.warning("number %s", number)
"""


def child(said: Said, code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/howtoai?", f"/{connection.settings_dict['NAME']}?"),
    }
    command = [sys.executable, "-W", "ignore", "-c", SPEAK + code, str(said.folder)]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)


def test_a_process_that_ends_leaves_nothing_behind(said: Said) -> None:
    done = child(said, "")
    assert done.returncode == 0, done.stderr
    assert len(said.messages()) == 200
    assert said.spools() == []


def test_of_a_process_that_is_killed_nothing_is_lost(said: Said) -> None:
    done = child(said, "os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -9
    said.logger.info("another process")
    said.end()
    assert set(said.messages()) == {f"number {number}" for number in range(200)} | {"another process"}
    assert said.spools() == []


def test_on_a_full_disk_trouble_waits_in_memory(said: Said, away: Callable[[], None]) -> None:
    """A file may not grow any more: what is only told is dropped and counted, and trouble is stored from memory."""
    away()
    done = child(
        said,
        """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
for number in range(200):
    said.warning("trouble %s", number)
    said.info("told %s", number)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
""",
    )
    assert done.returncode == 0, done.stderr
    messages = said.messages()
    assert {f"trouble {number}" for number in range(200)} <= set(messages)


def test_under_pressure_only_what_is_told_is_dropped_and_it_is_counted(said: Said, away: Callable[[], None]) -> None:
    said.begin(most_waiting=1)
    said.logger.info("fits")
    for number in range(10):
        said.logger.info("told %s", number)
        said.logger.warning("trouble %s", number)
    away()
    said.end()
    messages = said.messages()
    assert [message for message in messages if "trouble" in message] == [f"trouble {number}" for number in range(10)]
    assert not [message for message in messages if message.startswith("told")]
    remark = SystemLog.objects.get(logger="ops.logs.shipping")
    assert remark.message == "10 log records were dropped: more was said than could be kept"
    assert (remark.level, remark.context) == (Level.WARNING, {"info": 10})


def test_a_line_that_the_database_refuses_holds_up_no_other(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    spool = Spool.in_folder(said.folder)
    for line in (b'{"time": "2026-11-30 no json', b"nor this", b'{"time": "2026-11-30T00:00:00Z", "id": "x"}'):
        spool.append(line + b"\n")
    spool.close()
    said.logger.info("said")
    said.end()
    assert said.messages() == ["said"]
    assert (said.folder / REFUSED).read_bytes().count(b"\n") == 3
    assert "refuses a log record" in capsys.readouterr().err
    assert said.spools() == []


def test_an_unfinished_line_is_nobodys(said: Said) -> None:
    spool = Spool.in_folder(said.folder)
    spool.append(b'{"time": "2026-11-30T00:00')
    spool.close()
    said.logger.info("said")
    said.end()
    assert said.messages() == ["said"]


def test_a_spool_belongs_to_one_process(said: Said) -> None:
    spool = Spool.in_folder(said.folder)
    with pytest.raises(Taken):
        Spool(spool.path)
    assert list(left_behind(said.folder, no_trouble)) == []
    spool.close()


def no_trouble(path: Path, error: OSError) -> None:
    raise AssertionError(f"{path}: {error}")


def test_a_spool_that_cannot_be_opened_holds_up_no_other(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    """As that of another user, which its mode keeps closed; root may open all but a folder."""
    (said.folder / "0-first.spool").mkdir(parents=True)
    spool = Spool.in_folder(said.folder)
    spool.append(b'{"time": "2026-11-30T00:00:00Z", "id": "01234567-89ab-7cde-8f01-23456789abcd", "severity": 20,')
    spool.append(b' "logger": "x", "message": "left behind", "process": "x"}\n')
    spool.close()
    said.logger.info("said")
    said.handler.shipper.ship_what_others_left()  # type: ignore[union-attr]  # it was made for the record
    said.end()
    assert set(said.messages()) == {"left behind", "said"}
    told = capsys.readouterr().err
    assert told.count("0-first.spool cannot be read: [Errno 21]") == 1
    assert "the database takes no" not in told


@pytest.fixture
def unusable(said: Said) -> Path:
    """In the place of the folder is something else."""
    said.folder.write_text("")
    return said.folder


def test_without_a_spool_trouble_goes_to_the_database_from_memory(
    said: Said, unusable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        said.logger.info("told %s to %s", number, "ada@howtoai.example")
        said.logger.warning("trouble %s of %s", number, "ada@howtoai.example")
    said.end()
    assert [message for message in said.messages() if "trouble" in message] == [
        f"trouble {number} of [masked]" for number in range(3)
    ]
    assert SystemLog.objects.get(logger="ops.logs.shipping").context == {"info": 3}
    told = capsys.readouterr().err
    assert told.count("log records cannot be written to") == 1
    assert "Traceback" not in told
    assert "ada@" not in told


def test_where_neither_disk_nor_database_takes_trouble_memory_does_and_what_it_cannot_is_an_error(
    said: Said, unusable: Path, away: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The bound is in bytes, for a record may be a hundred times as long as another."""
    said.begin(most_in_memory=20_000)
    said.logger.info("told")
    for number in range(100):
        said.logger.warning("trouble %s %s", number, "x" * 600)
    said.logger.error("it broke %s", "x" * 600)
    assert said.handler.aside.size <= 20_000
    assert capsys.readouterr().err.count("records of trouble are dropped") == 1
    away()
    said.end()
    kept = [message.split()[1] for message in said.messages() if message.startswith("trouble")]
    assert kept == [str(number) for number in range(len(kept))]
    assert 10 < len(kept) < 30
    remark = SystemLog.objects.get(logger="ops.logs.shipping")
    assert remark.level == Level.ERROR
    assert remark.context == {"info": 1, "warning": 100 - len(kept), "error": 1}
    (problem,) = problems.logs()
    assert problem.key == "logs:dropped"
    assert f"{102 - len(kept)} log records were dropped" in problem.text
    ErrorGroup.objects.get().resolve()
    assert list(problems.logs()) == []


def test_a_spool_is_made_as_soon_as_it_can_be(said: Said, unusable: Path, away: Callable[[], None]) -> None:
    said.logger.warning("before")
    unusable.unlink()
    said.logger.warning("after")
    said.end()
    away()
    said.begin()
    said.logger.info("the next")
    said.end()
    assert said.messages() == ["after", "the next"]


def test_what_cannot_be_kept_is_no_secret_told_to_stderr(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError("password=correct-horse of ada@howtoai.example")

    record = logging.LogRecord("x", logging.INFO, "", 0, "%d", (Silent(), "hunter2secret"), None)
    for handler in (said.handler, ConsoleHandler()):
        handler.setFormatter(JsonFormatter())
        handler.handle(record)
        told = capsys.readouterr().err
        assert told == "logging: a record of x cannot be kept: RuntimeError('password=[masked] of [masked]')\n"


def test_a_spool_that_was_removed_before_it_was_locked_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def take_first(file: int, operation: int) -> None:
        """As another process does that looks for what is left behind, in the moment between."""
        monkeypatch.setattr(fcntl, "flock", flock)
        for spool in left_behind(tmp_path, no_trouble):
            spool.close()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", take_first)
    spool = Spool.in_folder(tmp_path)
    spool.append(b"said\n")
    assert spool.path.read_bytes() == b"said\n"
    spool.close()


def test_a_spool_that_was_shipped_begins_anew(tmp_path: Path) -> None:
    spool = Spool.in_folder(tmp_path)
    for _ in range(5):
        spool.append(b"x" * 1_000_000 + b"\n")
        spool.ship(spool.read())
    assert (spool.waiting, spool.path.stat().st_size < 2_000_000) == (0, True)
    spool.close()


def test_many_threads_at_once_lose_nothing(said: Said) -> None:
    def say_many(first: int) -> None:
        for each in range(250):
            said.logger.info("%s", first + each)

    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(say_many, number * 250)
    said.end()
    assert sorted(map(int, said.messages())) == list(range(2_000))


def test_a_fork_has_a_spool_of_its_own(said: Said) -> None:
    said.logger.info("parent")
    done = os.fork()
    if done == 0:
        said.logger.info("child")
        os._exit(0)
    os.waitpid(done, 0)
    said.logger.info("parent again")
    said.end()
    said.begin()
    said.logger.info("the next")
    said.end()
    assert set(said.messages()) == {"parent", "child", "parent again", "the next"}


def test_a_record_that_is_too_long_is_told_shortly(said: Said) -> None:
    said.logger.info("said", many={f"n{number}": "x" * 9_000 for number in range(100)})
    said.end()
    assert said.messages() == ["said… (the record was too long)"]


def fail(said: Said, words: str) -> None:
    try:
        raise ValueError(words)
    except ValueError:
        said.logger.exception("it failed")


def test_errors_of_one_kind_are_one_group(said: Said) -> None:
    fail(said, "first")
    fail(said, "second")
    said.logger.error("another: %s", 1)
    said.logger.error("another: %s", 2)
    said.logger.warning("no error")
    said.end()
    assert dict(ErrorGroup.objects.values_list("title", "count")) == {"ValueError: second": 2, "another: 2": 2}
    group = ErrorGroup.objects.get(title__startswith="ValueError")
    assert "ValueError: second" in group.exception
    assert group.first_seen < group.last_seen
    assert SystemLog.objects.filter(fingerprint=group.pk).count() == 2
    assert SystemLog.objects.get(pk=group.sample).exception == group.exception


def test_a_kind_of_error_that_comes_back_is_open_again(said: Said) -> None:
    fail(said, "first")
    said.end()
    ErrorGroup.objects.get().resolve()
    said.begin()
    said.logger.info("nothing new")
    said.end()
    assert not ErrorGroup.objects.get().is_open
    said.begin()
    fail(said, "again")
    said.end()
    group = ErrorGroup.objects.get()
    assert (group.is_open, group.count, group.returns) == (True, 2, 1)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["/x/granian/__main__.py", "--interface", "wsgi"], "granian"),
        (["/x/bin/celery", "-A", "config", "beat"], "celery beat"),
        (["manage.py", "archive_logs", "--keep-days=3"], "manage.py archive_logs"),
        (["manage.py"], "manage.py"),
    ],
)
def test_a_program_is_named_as_people_name_it(arguments: list[str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert program() == name


def test_a_remark_that_fails_leaves_the_thread_a_shipper() -> None:
    with as_shipper():
        with pytest.raises(ZeroDivisionError), as_shipper(ships=False):
            raise ZeroDivisionError
        assert here.ships
    assert not here.ships


def test_lines_hold_what_the_spool_can_be_read_by(said: Said, away: Callable[[], None]) -> None:
    """The day is read without parsing: every line begins with its time."""
    said.logger.info("said")
    said.end()
    (line,) = said.spools()[0].read_bytes().splitlines()
    assert line.startswith(b'{"time": "' + datetime.now(UTC).date().isoformat().encode())
    assert json.loads(line)["id"][14 - 2] == "7"
