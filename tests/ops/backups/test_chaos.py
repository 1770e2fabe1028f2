"""Killed at any step, a disk that is full, two at once: no half backup is ever one, and the old state stands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import LazySettings
from django.db import connection
from psycopg import Connection
from psycopg.rows import TupleRow

from accounts.models import User
from ops.gateways.backups import cluster, server
from ops.gateways.backups.errors import BackupError, BusyError, RefusedError, StorageError
from ops.models import BackupKind, BackupLog, BackupState, Verdict
from ops.services.backups import backing_up, manifests, restoring, swapping, verifying
from ops.services.backups.backing_up import back_up
from ops.services.backups.listing import list_backups
from ops.services.backups.restoring import Wish, restore
from ops.services.backups.verifying import verify
from ops.services.watching import check_backups
from tests.factories import make_user

# Does a deed until a step, where it says so and waits to be killed.
UNTIL = """
import sys
import django
django.setup()
from ops.models import BackupKind
from ops.services.backups.backing_up import back_up
from ops.services.backups.restoring import Wish, restore
from ops.services.backups.verifying import verify
deed, until, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
def watcher(step, passed):
    if step == until and passed >= size:
        print("there", flush=True)
        sys.stdin.read()
if deed in ("backup", "physical"):
    back_up(BackupKind.PHYSICAL if deed == "physical" else BackupKind.LOGICAL, watcher=watcher)
elif deed == "verify":
    verify(watcher=watcher)
else:
    restore(Wish(agreed=True, typed_name=deed, safety_backup=False), watcher=watcher)
"""


def killed_at(step: str, environment: dict[str, str], *, deed: str = "backup", size: int = 0) -> None:
    """Do it, and die there as by a power cut: nothing of Python's gets to clean up."""
    process = subprocess.Popen(
        [sys.executable, "-c", UNTIL, deed, step, str(size)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        process.kill()


@pytest.mark.parametrize(
    ("step", "size"),
    [
        ("dump the database", 0),
        ("dump the database", 1),
        (f"read {manifests.DATABASE} back", 1),
        ("pack the uploaded files", 1),
        ("write the manifest", 0),
    ],
)
def test_a_backup_that_is_killed_is_none_and_the_next_one_works(
    environment: dict[str, str], backups_folder: Path, step: str, size: int
) -> None:
    killed_at(step, environment, size=size)
    assert list_backups() == []
    (dead,) = BackupLog.objects.running()
    when_the_server_has_noticed()
    log = back_up()
    dead.refresh_from_db()
    assert dead.state == BackupState.FAILED
    assert [each["name"] for each in list_backups()] == [log.name]
    assert [path.name for path in backups_folder.iterdir()] == [log.name]
    assert verify(log.name).verdict == Verdict.PASSED


def when_the_server_has_noticed() -> None:
    """Whose client died: then its locks are free."""
    for name, deed in (
        (server.database_name(), backing_up.DEED),
        (server.NEUTRAL, verifying.DEED),
        (server.NEUTRAL, restoring.DEED),
    ):
        with server.connected(name) as conn:
            while is_held(conn, deed):
                conn.execute("SELECT pg_sleep(0.01)")


def is_held(conn: Connection[TupleRow], deed: str) -> bool:
    try:
        with server.only_one(conn, deed):
            return False
    except BusyError:
        return True


@pytest.mark.parametrize("step", ["copy the files of the server", f"read {manifests.CLUSTER} back"])
def test_a_physical_backup_that_is_killed_is_none(
    small_server: None, environment: dict[str, str], backups_folder: Path, step: str
) -> None:
    killed_at(step, environment, deed="physical", size=1)
    assert list_backups() == []
    when_the_server_has_noticed()
    log = back_up(BackupKind.PHYSICAL)
    assert [path.name for path in backups_folder.iterdir()] == [log.name]


@pytest.mark.parametrize("step", ["unpack", "recover the server", "restore the database"])
def test_a_recovery_that_is_killed_leaves_no_server_and_no_files(
    small_server: None, environment: dict[str, str], settings: LazySettings, step: str
) -> None:
    settings.BACKUP_SCRATCH = environment["BACKUP_SCRATCH"]
    log = back_up(BackupKind.PHYSICAL)
    killed_at(f"unpack {log.name}" if step == "unpack" else step, environment, deed="verify")
    sockets = [link.readlink() for link in Path(settings.BACKUP_SCRATCH).glob(f"*/{cluster.SOCKETS}")]
    assert sockets or step != "restore the database"
    when_the_server_has_noticed()
    assert verify(log.name).verdict == Verdict.PASSED
    assert not any(path.exists() for path in sockets)
    assert [str(path) for path in Path(settings.BACKUP_SCRATCH).rglob("*")] == []


@pytest.mark.parametrize("step", ["restore the database", "compare with the manifest"])
def test_a_verification_that_is_killed_leaves_nothing_after_the_next(environment: dict[str, str], step: str) -> None:
    log = back_up()
    killed_at(step, environment, deed="verify")
    log.refresh_from_db()
    assert log.verdict == Verdict.UNKNOWN
    when_the_server_has_noticed()
    assert verify(log.name).verdict == Verdict.PASSED
    with server.connected(server.NEUTRAL) as conn:
        assert server.databases_named(conn, verifying.scratch_prefix()) == []


@pytest.mark.parametrize(
    ("step", "size"),
    [("restore the database", 1), ("restore the uploaded files", 1), ("put it in place", 0)],
)
def test_a_restore_that_is_killed_leaves_the_old_database(
    environment: dict[str, str], served: str, media: Path, step: str, size: int
) -> None:
    make_user(email="then@howtoai.example")
    back_up()
    make_user(email="later@howtoai.example")
    (media / "Übung 1.txt").write_text("changed")
    restoring.disconnect()
    killed_at(step, environment, deed=served, size=size)
    assert User.objects.count() == 2
    assert (media / "Übung 1.txt").read_text() == "changed"
    when_the_server_has_noticed()
    restore(Wish(agreed=True, typed_name=served, safety_backup=False))
    assert User.objects.count() == 1
    assert (media / "Übung 1.txt").read_text() == "Grüße"
    with server.connected(server.NEUTRAL) as conn:
        assert server.databases_named(conn, restoring.leftover_prefix()) == []
    assert list(media.parent.glob("media.restoring-*")) == []


def test_a_restore_that_is_killed_between_files_and_database_is_put_right_by_the_next_command(
    environment: dict[str, str], served: str, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    back_up()
    make_user(email="later@howtoai.example")
    (media / "Übung 1.txt").write_text("changed")
    restoring.disconnect()
    with server.connected(server.NEUTRAL) as conn:
        with conn.transaction():
            # Nobody can rename it meanwhile.
            conn.execute(f"COMMENT ON DATABASE \"{served}\" IS 'held'")
            arguments = ["--latest", "--yes", "--name", served, "--without-safety-backup"]
            with subprocess.Popen([sys.executable, "manage.py", "restore", *arguments], env=environment) as process:
                while not (media.exists() and list(media.parent.glob("media.before-*"))):
                    conn.execute("SELECT pg_sleep(0.01)")
                process.kill()
        assert (media / "Übung 1.txt").read_text() == "Grüße"
    when_the_server_has_noticed()
    assert User.objects.count() == 1
    back_up()
    assert (media / "Übung 1.txt").read_text() == "changed"
    (aside,) = media.parent.glob("media.aside-*")
    assert (aside / "Übung 1.txt").read_text() == "Grüße"
    assert str(aside) in caplog.text
    restore(Wish(agreed=True, typed_name=served, safety_backup=False))
    assert (media / "Übung 1.txt").read_text() == "changed"
    assert list(media.parent.glob("media.swapping*")) == []


@pytest.mark.parametrize(
    "command", [lambda _: back_up(), verify, lambda _: check_backups()], ids=["backup", "verify", "check"]
)
def test_a_restore_that_is_killed_when_all_is_in_place_has_happened(
    served: str, media: Path, caplog: pytest.LogCaptureFixture, command: Callable[[str], object]
) -> None:
    """Its note is all that it did not get to take away."""
    name = back_up().name
    there = swapping.Swap(served, f"{served}_restoring_x", "", str(media), f"{media}.restoring-1", f"{media}.before-1")
    (media.parent / "media.before-1").mkdir()
    swapping.write_note(there)
    command(name)
    assert "killed when all was in place" in caplog.text
    assert (media / "Übung 1.txt").exists()
    assert not swapping.note().exists()


@contextmanager
def small_disk(path: Path, options: str) -> Iterator[None]:
    path.mkdir(parents=True)
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", str(path)], check=True)


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_is_full_is_named_and_what_was_there_stays(backups_folder: Path, media: Path) -> None:
    with small_disk(backups_folder, "size=2m"):
        first = back_up()
        (media / "film.bin").write_bytes(os.urandom(3_000_000))
        with pytest.raises(StorageError, match=f"{manifests.MEDIA} in the storage of backups: No space left on device"):
            back_up()
        assert [each["name"] for each in list_backups()] == [first.name]
        assert [path.name for path in backups_folder.iterdir()] == [first.name]
        assert verify().name == first.name


def test_uploaded_files_on_a_disk_of_their_own_are_refused_before_anything_is_loaded(
    served: str, settings: LazySettings, tmp_path: Path
) -> None:
    back_up()
    settings.MEDIA_ROOT = tmp_path / "disk"
    steps: list[str] = []

    def watcher(step: str, size: int) -> None:
        steps.append(step)

    with small_disk(tmp_path / "disk", "size=2m"), pytest.raises(RefusedError, match="is where a disk is mounted"):
        restore(Wish(agreed=True, typed_name=served), watcher=watcher)
    assert steps == []


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_may_only_be_read_is_named(backups_folder: Path) -> None:
    with small_disk(backups_folder, "ro,size=2m"), pytest.raises(StorageError, match="Read-only file system"):
        back_up()


@pytest.mark.django_db(transaction=True)
def test_a_server_that_ends_the_session_half_way_is_named(backups_folder: Path) -> None:
    def watcher(step: str, size: int) -> None:
        if step == "dump the database" and size:
            with server.connected(server.NEUTRAL) as conn:
                conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                    " AND application_name = 'how-to-ai backup'",
                    [server.database_name()],
                )

    with pytest.raises(BackupError, match="failed"):
        back_up(watcher=watcher)
    assert BackupLog.objects.get().state == BackupState.FAILED
    assert list_backups() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_begin_together_one_is_refused(backups_folder: Path) -> None:
    gate = Barrier(2, timeout=10)

    def begin(_: int) -> BackupLog | BackupError:
        gate.wait()
        try:
            return back_up()
        except BackupError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(begin, range(2)))
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, BackupError)] == [BusyError]
    assert len(list_backups()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_started_in_the_background_takes_a_backup(environment: dict[str, str], backups_folder: Path) -> None:
    """The command that beat runs: it ends at once, and leaves a process that does the work."""
    done = subprocess.run(
        [sys.executable, "manage.py", "backup"], env=environment, capture_output=True, text=True, check=True
    )
    assert "Started as process" in done.stdout
    process = int(done.stdout.split("process ")[1].split(";")[0])
    with server.connected(server.NEUTRAL) as conn:
        while Path(f"/proc/{process}").exists() and not list_backups():
            conn.execute("SELECT pg_sleep(0.05)")
    assert len(list_backups()) == 1
