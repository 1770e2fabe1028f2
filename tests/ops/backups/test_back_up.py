"""A backup is all there, sealed, and recorded; or there is none, and the record says why."""

from __future__ import annotations

import errno
import json
import os
import pwd
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError, BusyError, RefusedError, StorageError, UnsoundError
from ops.gateways.backups.keys import make_key, our_keys
from ops.gateways.backups.media import packing
from ops.gateways.backups.storages import backup_storage, name_finally
from ops.gateways.backups.streams import Counted
from ops.models import BackupLog, BackupState
from ops.services.backups import manifests
from ops.services.backups.backing_up import DEED, back_up
from ops.services.backups.listing import list_backups
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_backup_is_recorded_with_all_that_its_manifest_says(backups_folder: Path, media: Path) -> None:
    make_user(email="somebody@howtoai.example")
    log = back_up()
    manifest = manifests.read(backup_storage(), log.name, our_keys())
    assert log.state == BackupState.DONE
    assert log.row_counts == manifest.as_found.row_counts
    assert log.row_counts["public.accounts_user"] == 1
    assert log.objects_stored == manifest.objects
    assert log.size == sum((backups_folder / log.name / each["name"]).stat().st_size for each in manifest.objects)
    assert manifest.media["files"] == 3
    assert "ops.0002_backuplog" in log.migrations
    assert [step["step"] for step in log.steps] == [
        "dump the database",
        "read database.dump.zst.age back",
        "pack the uploaded files",
        "read media.tar.zst.age back",
        "write the manifest",
    ]


def test_nothing_readable_lies_in_the_storage_but_figures(backups_folder: Path, media: Path) -> None:
    make_user(email="somebody@howtoai.example")
    log = back_up()
    stored = b"".join(path.read_bytes() for path in (backups_folder / log.name).iterdir())
    assert b"somebody@howtoai.example" not in stored
    assert b"Gr\xc3\xbc\xc3\x9fe" not in stored


def test_a_folder_of_uploads_that_may_not_be_read_is_not_left_out_in_silence(media: Path) -> None:
    """Root may read everything, so there it is somebody else who looks."""
    (media / "pictures").chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with packing(media) as packed:
            Counted(packed).drain()
            with pytest.raises(BackupError, match="Permission denied"):
                packed.finish()
    finally:
        if is_root:
            os.seteuid(0)
        (media / "pictures").chmod(0o755)


def test_where_nothing_was_ever_uploaded_there_is_nothing_to_read(media: Path) -> None:
    with packing(media / "never") as packed:
        Counted(packed).drain()
        packed.finish()
    assert packed.inventory.files == 0


def test_only_its_owner_may_look_into_the_folder(backups_folder: Path) -> None:
    log = back_up()
    assert {path.stat().st_mode & 0o777 for path in (backups_folder, backups_folder / log.name)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in (backups_folder / log.name).iterdir()} == {0o600}


def test_without_a_key_nothing_is_begun(backups_folder: Path, settings: LazySettings) -> None:
    settings.BACKUP_KEY = ""
    with pytest.raises(RefusedError, match="BACKUP_KEY is not set"):
        back_up()
    assert not BackupLog.objects.exists()
    assert not backups_folder.exists()


def test_what_is_no_key_is_refused_without_being_quoted(backups_folder: Path, settings: LazySettings) -> None:
    settings.BACKUP_KEY = "AGE-SECRET-KEY-1NOTREALLY"
    with pytest.raises(RefusedError, match="must be one age identity") as refusal:
        back_up()
    assert "NOTREALLY" not in str(refusal.value)


def test_in_development_a_key_is_made_outside_the_backups(
    backups_folder: Path, settings: LazySettings, tmp_path: Path
) -> None:
    settings.BACKUP_KEY = ""
    settings.BACKUP_KEY_OF_DEVELOPMENT = tmp_path / "keys" / "backup.txt"
    first = our_keys()
    assert our_keys() == first
    assert (tmp_path / "keys" / "backup.txt").stat().st_mode & 0o777 == 0o600


def test_a_manifest_that_somebody_changed_is_refused(backups_folder: Path) -> None:
    log = back_up()
    path = backups_folder / log.name / "manifest.json"
    path.write_text(path.read_text().replace('"public.accounts_user": 0', '"public.accounts_user": 1'))
    with pytest.raises(UnsoundError, match="not signed with our key"):
        manifests.read(backup_storage(), log.name, our_keys())


def test_a_former_key_still_opens_what_it_sealed(backups_folder: Path, settings: LazySettings) -> None:
    log = back_up()
    settings.BACKUP_KEYS_BEFORE, settings.BACKUP_KEY = [settings.BACKUP_KEY], make_key()
    assert manifests.read(backup_storage(), log.name, our_keys()).name == log.name


def test_two_at_once_are_one_and_a_refusal(backups_folder: Path) -> None:
    with server.connected() as conn, server.only_one(conn, DEED), pytest.raises(BusyError, match="Another backup"):
        back_up()
    assert not BackupLog.objects.exists()
    assert back_up().state == BackupState.DONE


def test_a_dump_program_of_another_major_version_is_refused_before_anything_is_written(
    backups_folder: Path, settings: LazySettings, tmp_path: Path
) -> None:
    settings.PG_BIN = str(tmp_path)
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.4'\n")
    (tmp_path / "pg_dump").chmod(0o755)
    with pytest.raises(RefusedError, match="another major version than the server"):
        back_up()
    assert not backups_folder.exists()
    assert not BackupLog.objects.exists()


def test_a_dump_that_fails_leaves_no_backup_and_says_why(
    backups_folder: Path, settings: LazySettings, tmp_path: Path
) -> None:
    """Half-way: it has written megabytes before, which the storage has taken."""
    real = Path(settings.PG_BIN)
    (tmp_path / "pg_restore").symlink_to(real / "pg_restore")
    (tmp_path / "pg_dump").write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {real}/pg_dump --version\n'
        "head -c 5000000 /dev/urandom\necho 'out of luck' >&2\nexit 3\n"
    )
    (tmp_path / "pg_dump").chmod(0o755)
    settings.PG_BIN = str(tmp_path)
    with pytest.raises(BackupError, match=r"pg_dump failed \(exit 3\): out of luck"):
        back_up()
    log = BackupLog.objects.get()
    assert (log.state, log.error) == (BackupState.FAILED, "pg_dump failed (exit 3): out of luck")
    assert list_backups() == []
    assert [path for path in backups_folder.rglob("*") if path.is_file()] == []


def test_a_folder_that_may_not_be_written_is_named(
    backups_folder: Path, settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings.STORAGES = settings.STORAGES | {
        "backups": settings.STORAGES["backups"] | {"OPTIONS": {"location": tmp_path / "file" / "backups"}}
    }
    with pytest.raises(StorageError, match="storage of backups"):
        back_up()


def test_nothing_is_ever_overwritten(backups_folder: Path) -> None:
    log = back_up()
    storage = backup_storage()
    manifest = manifests.read(storage, log.name, our_keys())
    with pytest.raises(StorageError, match="nothing is overwritten"):
        manifests.write(storage, manifest, our_keys())


def test_a_backup_that_was_killed_is_found_and_marked_by_the_next(backups_folder: Path) -> None:
    dead = BackupLog.objects.create(name="logical-dead", begun_at=timezone.now(), database="x")
    (backups_folder / "logical-dead").mkdir(parents=True)
    (backups_folder / "logical-dead" / "database.dump.zst.age").write_bytes(b"half")
    back_up()
    dead.refresh_from_db()
    assert dead.state == BackupState.FAILED
    assert "ended before it was done" in dead.error
    assert not (backups_folder / "logical-dead").exists()


def test_a_backup_that_the_table_does_not_know_is_taken_up_from_the_storage(backups_folder: Path) -> None:
    """As after a restore, whose table is that of the backup: it is there as running."""
    lost, unfinished = back_up(), back_up()
    BackupLog.objects.filter(pk=lost.pk).delete()
    BackupLog.objects.filter(pk=unfinished.pk).update(state=BackupState.RUNNING, ended_at=None, sha256="")
    back_up()
    again = BackupLog.objects.get(name=lost.name)
    assert (again.state, again.sha256, again.size) == (BackupState.DONE, lost.sha256, lost.size)
    assert BackupLog.objects.get(name=unfinished.name).sha256 == unfinished.sha256


def test_the_command_tells_in_json_and_ends_as_documented(
    backups_folder: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("backup", "--wait", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["verdict"]) == ("done", "unknown")
    call_command("backup", "--list", "--json")
    (listed,) = json.loads(capsys.readouterr().out)["backups"]
    assert listed["name"] == told["name"]
    settings.BACKUP_KEY = ""
    with pytest.raises(CommandError) as refusal:
        call_command("backup", "--wait", "--json")
    assert refusal.value.returncode == 4
    assert json.loads(capsys.readouterr().out)["exit_code"] == 4


def test_one_that_cannot_be_read_hides_no_other(
    backups_folder: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = back_up()
    settings.BACKUP_KEY = make_key()
    ours = back_up()
    call_command("backup", "--list")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(ours.name)
    assert second.startswith(f"{foreign.name}  cannot be used: ")
    listed = list_backups()
    assert [each["name"] for each in listed] == [ours.name, foreign.name]
    assert listed[0]["error"] == ""
    assert "not signed with our key" in listed[1]["error"]


def test_a_folder_without_links_takes_backups_and_overwrites_nothing(
    backups_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As FAT, exFAT and many network shares are."""

    def link(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(source))

    monkeypatch.setattr(os, "link", link)
    log = back_up()
    manifest = manifests.read(backup_storage(), log.name, our_keys())
    assert {path.name for path in (backups_folder / log.name).iterdir()} == {manifests.FILE, *manifest.stored}
    draft, final = backups_folder / "draft", backups_folder / log.name / manifests.FILE
    draft.touch()
    with pytest.raises(FileExistsError):
        name_finally(draft, final)
    assert manifests.read(backup_storage(), log.name, our_keys()) == manifest


def test_a_file_where_a_folder_should_be_is_told_in_json(
    backups_folder: Path, settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    settings.BACKUP_KEY, settings.BACKUP_KEY_OF_DEVELOPMENT = "", tmp_path / "file" / "backup.txt"
    with pytest.raises(CommandError) as failure:
        call_command("backup", "--wait", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["exit_code"]) == ("failed", failure.value.returncode) == ("failed", 1)
    assert f"File exists: '{tmp_path / 'file'}'" in told["error"]


def test_a_database_that_fails_is_told_in_json(
    served: str, backups_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes what backups need of a server, but not the record of one."""
    with server.connected() as conn:
        conn.execute("ALTER TABLE ops_backuplog ADD CONSTRAINT never CHECK (false) NOT VALID")
    with pytest.raises(CommandError) as failure:
        call_command("backup", "--wait", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["exit_code"]) == ("failed", failure.value.returncode) == ("failed", 1)
    assert "The database failed" in told["error"]


def test_the_count_is_of_the_moment_of_the_dump(backups_folder: Path) -> None:
    """Somebody who comes while it runs is in neither."""

    def watcher(step: str, size: int) -> None:
        if step == "dump the database" and size:
            with server.connected() as conn:
                conn.execute("INSERT INTO auth_group (name) VALUES ('late') ON CONFLICT DO NOTHING")

    before = count_groups()
    log = back_up(watcher=watcher)
    assert count_groups() == before + 1
    assert log.row_counts["public.auth_group"] == before


def count_groups() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth_group")
        return int(cursor.fetchone()[0])
