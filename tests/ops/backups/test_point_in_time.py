"""Any moment can be restored, to the transaction: what was committed before it is there, and nothing else."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from ops.gateways.backups import receiver, server
from ops.gateways.backups.errors import BusyError, NotThereError, StorageError, UnsoundError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupKind, Verdict, WriteAheadLog
from ops.services.backups import log_archive, manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.receiving import Keeping
from ops.services.backups.restoring import Wish, restore
from ops.services.backups.standing import problems, standing
from ops.services.backups.verifying import verify
from tests.factories import make_user
from tests.ops.backups.s3 import S3
from tests.ops.backups.test_chaos import small_disk

pytestmark = pytest.mark.usefixtures("small_server", "slotless")


@pytest.fixture
def slotless(served: str) -> Iterator[None]:
    """A server that keeps a log for nobody, before and afterwards."""
    yield
    with server.connected(server.NEUTRAL) as conn:
        if receiver.slot(conn.cursor()) is not None:
            receiver.drop_slot(conn)


@contextmanager
def receiving(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`receive_wal`, as it is run."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "receive_wal"],
        env=environment | {"BACKUP_WAL": "true", "BACKUP_WAL_SECONDS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            _, words = process.communicate(timeout=60)
            assert process.returncode == 0, words
    finally:
        process.kill()
        process.communicate()


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def wait_until_stored(moment: datetime) -> None:
    while not WriteAheadLog.objects.filter(stored_until__gt=moment).exists():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")


def emails_in(database: str) -> set[str]:
    with server.connected(database) as conn:
        return {email for (email,) in conn.execute("SELECT email FROM accounts_user").fetchall()}


def test_a_moment_between_two_rows_has_the_first_and_not_the_second(environment: dict[str, str], served: str) -> None:
    make_user(email="before@howtoai.example")
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        moments = {}
        for number in range(30):
            make_user(email=f"mark-{number}@howtoai.example")
            moments[number] = now()
        wait_until_stored(moments[29])
        restored = restore(Wish(at=moments[11], into=f"{served}_then"))
    assert restored.recovery_point == moments[11].isoformat()
    marks = {f"mark-{number}@howtoai.example" for number in range(12)}
    assert emails_in(f"{served}_then") == {"before@howtoai.example", *marks}
    assert User.objects.count() == 31


def switch_segments(times: int) -> None:
    """So many segments of the log are complete, whatever is in them."""
    with server.connected(server.NEUTRAL) as conn:
        for _ in range(times):
            conn.execute("SELECT txid_current()")
            conn.execute("SELECT pg_switch_wal()")


def test_in_place_what_is_replaced_is_kept_and_files_uploaded_since_stay(
    environment: dict[str, str], served: str, media: Path
) -> None:
    make_user(email="then@howtoai.example")
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        moment = now()
        make_user(email="later@howtoai.example")
        (media / "later.txt").write_text("uploaded since")
        wait_until_stored(moment)
        restored = restore(Wish(at=moment, agreed=True, typed_name=served, safety_backup=False))
    assert set(User.objects.values_list("email", flat=True)) == {"then@howtoai.example"}
    assert emails_in(restored.kept_database) == {"then@howtoai.example", "later@howtoai.example"}
    assert (media / "later.txt").read_text() == "uploaded since"
    assert (media / "Übung 1.txt").read_text() == "Grüße"


def test_the_newest_piece_may_be_replaced_while_the_log_is_fetched(
    environment: dict[str, str], served: str, backups_folder: Path
) -> None:
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        switch_segments(1)
        make_user(email="then@howtoai.example")
        moment = now()
        wait_until_stored(moment)
    newest = max((backups_folder / "wal").rglob("*.partial.*"), key=lambda path: path.name)
    segment, _, rest = newest.name.partition(".partial.")
    # A hundred years later, which the name begins with.
    further = newest.with_name(f"{segment}.partial.{int(rest[:4]) + 100}{rest[4:]}")

    def watcher(step: str, size: int) -> None:
        if step == "fetch the write-ahead log" and size and newest.exists():
            newest.rename(further)

    restore(Wish(at=moment, into=f"{served}_then"), watcher=watcher)
    assert further.exists()
    assert emails_in(f"{served}_then") == {"then@howtoai.example"}
    further.unlink()
    with pytest.raises(NotThereError, match="cannot be restored"):
        restore(Wish(at=moment, into=f"{served}_late"))


def test_the_rows_of_one_table_as_they_were(environment: dict[str, str], served: str) -> None:
    make_user(email="then@howtoai.example")
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        moment = now()
        User.objects.all().delete()
        wait_until_stored(moment)
        restore(Wish(at=moment, into=f"{served}_then", tables=["accounts_user"]))
    assert emails_in(f"{served}_then") == {"then@howtoai.example"}


def test_a_receiver_that_is_killed_loses_nothing(environment: dict[str, str], served: str) -> None:
    with receiving(environment) as process:
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        make_user(email="before@howtoai.example")
        process.kill()
        process.wait()
        switch_segments(2)
        make_user(email="between@howtoai.example")
        switch_segments(1)
        with receiving(environment):
            moment = now()
            make_user(email="after@howtoai.example")
            wait_until_stored(moment)
    assert log_archive.reach(backup_storage(), our_keys()).missing == ""
    restore(Wish(at=moment, into=f"{served}_then"))
    assert emails_in(f"{served}_then") == {"before@howtoai.example", "between@howtoai.example"}


def test_a_moment_outside_of_what_there_is_is_refused_and_the_window_named(
    environment: dict[str, str], served: str
) -> None:
    early = now()
    with pytest.raises(NotThereError, match=r"No physical backup was there at .*: there is none"):
        restore(Wish(at=early, into=f"{served}_then"))
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        log = back_up(BackupKind.PHYSICAL)
        wait_until_stored(now())
    with pytest.raises(NotThereError, match=r"No physical backup was there at .*: the first begins at"):
        restore(Wish(at=early, into=f"{served}_then"))
    with pytest.raises(NotThereError, match=f"cannot be restored: from {log.name} on it goes from .* to "):
        restore(Wish(at=now() + timedelta(hours=1), into=f"{served}_then"))


def test_a_gap_in_the_log_is_named_and_what_leads_up_to_it_can_be_restored(
    environment: dict[str, str], served: str, backups_folder: Path
) -> None:
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        make_user(email="before@howtoai.example")
        moment = now()
        wait_until_stored(moment)
        switch_segments(2)
        late = now()
        wait_until_stored(late)
    whole = [path for path in (backups_folder / "wal").rglob("*.age") if ".partial" not in path.name]
    lost = max(whole, key=lambda path: path.name)
    lost.unlink()
    name = lost.name[:24]
    assert log_archive.reach(backup_storage(), our_keys()).missing == name
    with pytest.raises(NotThereError, match=f"The segment {name} of the write-ahead log is missing"):
        restore(Wish(at=late, into=f"{served}_late"))
    restore(Wish(at=moment, into=f"{served}_then"))
    assert emails_in(f"{served}_then") == {"before@howtoai.example"}


def test_an_altered_segment_is_found(environment: dict[str, str], served: str, backups_folder: Path) -> None:
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        moment = now()
        wait_until_stored(moment)
    for path in (backups_folder / "wal").rglob("*.age"):
        written = bytearray(path.read_bytes())
        written[-20] ^= 1
        path.chmod(0o600)
        path.write_bytes(written)
    with pytest.raises(UnsoundError, match=r"wal/.* cannot be opened, it is truncated, altered"):
        restore(Wish(at=moment, into=f"{served}_then"))
    with server.connected(server.NEUTRAL) as conn:
        assert not server.exists(conn, f"{served}_then")


def test_a_proof_goes_as_far_as_the_log_does_and_the_sentence_says_so(
    environment: dict[str, str], settings: LazySettings
) -> None:
    settings.BACKUP_WAL = True
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        log = back_up(BackupKind.PHYSICAL)
        make_user(email="since@howtoai.example")
        wait_until_stored(now())
        assert verify(log.name).verdict == Verdict.PASSED
        wait_until_stored(now())
        age = standing().log_age
    assert age is not None
    assert age < timedelta(minutes=1)
    assert not [problem for problem in problems() if problem.key.startswith("wal:")]


def test_while_the_storage_is_full_the_log_waits_is_an_alarm_and_comes_when_there_is_room(
    environment: dict[str, str], served: str, backups_folder: Path, settings: LazySettings
) -> None:
    settings.BACKUP_WAL = True
    with small_disk(backups_folder, "size=64m"):
        with receiving(environment):
            wait_until_stored(now() - timedelta(days=1))
            back_up(BackupKind.PHYSICAL)
            filler = backups_folder / "filler"
            fill(filler)
            make_user(email="meanwhile@howtoai.example")
            moment = now()
            switch_segments(2)
            while "No space left" not in WriteAheadLog.objects.get().problem:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.05)")
            assert not WriteAheadLog.objects.filter(stored_until__gt=moment).exists()
            # As after five minutes of it.
            WriteAheadLog.objects.update(stored_until=now() - timedelta(minutes=6))
            (late,) = [problem for problem in problems() if problem.key == "wal:late"]
            assert "No space left on device" in late.text
            filler.unlink()
            wait_until_stored(moment)
        reach = log_archive.reach(backup_storage(), our_keys())
    assert reach.missing == ""
    assert reach.end is not None
    assert reach.end > moment


def fill(filler: Path) -> None:
    """To the last block."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 65536)


def test_each_piece_that_is_stored_leads_until_the_moment_at_which_it_is(served: str, tmp_path: Path) -> None:
    """Else what a fire costs would be a third more than the time between two pieces."""
    keeping = Keeping(tmp_path)
    keeping.next_backup = float("inf")
    try:
        while not keeping.partials:
            keeping.work()
        make_user(email="then@howtoai.example")
        moment = now()
        keeping.next_beat, keeping.next_store = float("inf"), 0.0
        keeping.work()
    finally:
        keeping.stop()
    assert WriteAheadLog.objects.filter(stored_until__gt=moment).exists()


def test_the_first_backup_is_asked_for_again_where_the_storage_was_away_for_a_moment(
    served: str, tmp_path: Path, backups_folder: Path
) -> None:
    keeping = Keeping(tmp_path / "wal")
    keeping.next_beat = keeping.next_store = float("inf")
    keeping.next_backup = 0.0
    backups_folder.write_text("This is no folder.")
    try:
        with pytest.raises(StorageError):
            keeping.work()
        assert keeping.next_backup == 0.0
        backups_folder.unlink()
        back_up(BackupKind.PHYSICAL)
        keeping.work()
        assert keeping.next_backup == float("inf")
    finally:
        backups_folder.unlink(missing_ok=True) if backups_folder.is_file() else None
        keeping.stop()


def test_a_log_without_a_backup_of_its_own_server_lacks_one(served: str, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    keeping.next_backup = float("inf")
    try:
        keeping.start()
        assert keeping.lacks_backup()
        back_up(BackupKind.PHYSICAL)
        assert not keeping.lacks_backup()
        # As after the loss of a server, when another is there in its place.
        keeping.system = "7714006645655532849"
        assert keeping.lacks_backup()
    finally:
        keeping.system = ""
        keeping.stop()


def test_what_of_the_log_no_backup_needs_is_deleted(environment: dict[str, str], backups_folder: Path) -> None:
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        switch_segments(2)
        wait_until_stored(now())
        back_up(BackupKind.PHYSICAL)
        wait_until_stored(now())
    newest = manifests.readable(backup_storage(), our_keys(), BackupKind.PHYSICAL)[-1]
    before = log_archive.reach(backup_storage(), our_keys()).end
    assert log_archive.prune_log(backup_storage(), [newest]) > 1
    window = log_archive.window_of(backup_storage(), newest)
    assert (window.end, window.missing) == (before, "")
    assert log_archive.prune_log(backup_storage(), [newest]) == 0


def test_whoever_turns_it_off_is_told_that_the_server_still_keeps_its_log(
    environment: dict[str, str], settings: LazySettings
) -> None:
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
    settings.BACKUP_WAL = False
    (problem,) = [problem for problem in problems() if problem.key.startswith("wal:")]
    assert problem.key == "wal:slot"
    call_command("receive_wal", "--drop-slot")
    assert not [problem for problem in problems() if problem.key.startswith("wal:")]


def test_of_two_who_receive_one_is_refused(environment: dict[str, str]) -> None:
    with receiving(environment):
        wait_until_stored(now() - timedelta(days=1))
        with pytest.raises(CommandError, match="stop `receive_wal` first") as refused:
            call_command("receive_wal", "--drop-slot")
        assert refused.value.returncode == BusyError.exit_code
        second = subprocess.run(
            [sys.executable, "manage.py", "receive_wal"],
            env=environment | {"BACKUP_WAL": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == BusyError.exit_code
    assert "Another process receives the write-ahead log here." in second.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-22 10:15:00", "add the offset to UTC"),
        ("yesterday", "is no moment; write it as 2026-11-22 10:15:00+00"),
    ],
)
def test_a_moment_that_may_be_many_is_refused(text: str, words: str) -> None:
    with pytest.raises(CommandError, match=re.escape(words)):
        call_command("restore", "--at", text)


def test_any_moment_comes_out_of_a_bucket_too(s3: S3, served: str, environment: dict[str, str]) -> None:
    options = s3.options()
    bucket = {
        "BACKUP_S3_BUCKET": options["bucket_name"],
        "BACKUP_S3_PREFIX": options["location"],
        "BACKUP_S3_ENDPOINT": options["endpoint_url"],
        "BACKUP_S3_REGION": options["region_name"],
        "BACKUP_S3_ACCESS_KEY": options["access_key"],
        "BACKUP_S3_SECRET_KEY": options["secret_key"],
        "BACKUP_S3_ADDRESSING": options["addressing_style"],
    }
    make_user(email="then@howtoai.example")
    with receiving(environment | bucket):
        wait_until_stored(now() - timedelta(days=1))
        back_up(BackupKind.PHYSICAL)
        moment = now()
        make_user(email="later@howtoai.example")
        wait_until_stored(moment)
        restore(Wish(at=moment, into=f"{served}_then"))
    assert emails_in(f"{served}_then") == {"then@howtoai.example"}
