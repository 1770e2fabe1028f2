"""A restore puts back what was there; one that fails, or is not meant, leaves all as it is."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.models import User
from ops import maintenance
from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError, BusyError, NotThereError, RefusedError, UnsoundError
from ops.gateways.backups.keys import make_key
from ops.models import BackupLog, BackupState, Verdict
from ops.services.backups import manifests, restoring
from ops.services.backups.backing_up import back_up
from ops.services.backups.restoring import Wish, restore
from ops.services.backups.verifying import verify
from tests.factories import make_tutorial, make_user


def emails() -> list[str]:
    return sorted(User.objects.values_list("email", flat=True))


def databases(prefix: str) -> list[str]:
    with server.connected(server.NEUTRAL) as conn:
        return server.databases_named(conn, prefix)


def agreed(served: str, backup: str = "latest", **more: object) -> Wish:
    return Wish(backup=backup, agreed=True, typed_name=served, **more)  # type: ignore[arg-type]


@pytest.fixture
def backup(served: str, media: Path) -> BackupLog:
    """Of one person; another comes afterwards, and a picture goes."""
    make_user(email="then@howtoai.example")
    log = back_up()
    make_user(email="later@howtoai.example")
    (media / "pictures" / "7" / "face.webp").unlink()
    return log


def test_everything_is_again_as_it_was(backup: BackupLog, served: str, media: Path) -> None:
    restored = restore(agreed(served, backup.name))
    assert emails() == ["then@howtoai.example"]
    assert (media / "pictures" / "7" / "face.webp").read_bytes() == bytes(range(256)) * 1000
    assert (media / "Übung 1.txt").read_text() == "Grüße"
    assert restored.database == served
    assert restored.migrations_waiting == 0


def test_the_site_is_closed_while_it_is_replaced(backup: BackupLog, served: str) -> None:
    closed: dict[str, maintenance.Maintenance | None] = {}

    def watch(step: str, size: int) -> None:
        closed[step] = maintenance.current()

    restore(agreed(served, backup.name), watcher=watch)
    during = closed["put it in place"]
    assert during is not None
    assert during.reason == restoring.RESTORING
    assert maintenance.current() is None


def test_a_site_that_was_closed_before_stays_closed(backup: BackupLog, served: str) -> None:
    maintenance.begin("We look into it.")
    restore(agreed(served, backup.name))
    assert maintenance.current() is not None
    maintenance.end()


def test_a_site_that_somebody_closes_meanwhile_stays_closed(backup: BackupLog, served: str) -> None:
    def watcher(step: str, size: int) -> None:
        if step == "compare with the manifest":
            maintenance.begin("The disk is being changed.")

    restore(agreed(served, backup.name), watcher=watcher)
    now = maintenance.current()
    assert now is not None
    assert now.reason == "The disk is being changed."
    maintenance.end()


def test_what_is_restored_can_be_written_to(backup: BackupLog, served: str) -> None:
    restore(agreed(served, backup.name))
    person = make_user(email="new@howtoai.example")
    assert person.pk > User.objects.get(email="then@howtoai.example").pk


def test_what_was_there_before_is_kept_and_backed_up(backup: BackupLog, served: str, media: Path) -> None:
    restored = restore(agreed(served, backup.name))
    with server.connected(restored.kept_database) as conn:
        assert server.one(conn, "SELECT count(*) FROM accounts_user") == 2
    assert not (Path(restored.kept_media) / "pictures" / "7" / "face.webp").exists()
    restore(agreed(served, restored.safety_backup))
    assert emails() == ["later@howtoai.example", "then@howtoai.example"]


def test_the_table_of_backups_knows_afterwards_what_lies_in_the_storage(backup: BackupLog, served: str) -> None:
    """It comes from the backup, where that backup still ran, and nothing was proven yet."""
    verify(backup.name)
    restored = restore(agreed(served, backup.name))
    again = BackupLog.objects.get(name=backup.name)
    assert (again.state, again.verdict) == (BackupState.DONE, Verdict.PASSED)
    assert again.restored_at is not None
    assert BackupLog.objects.get(name=restored.safety_backup).state == BackupState.DONE
    assert back_up().state == BackupState.DONE


def test_data_is_not_replaced_without_agreement_and_the_typed_name(
    backup: BackupLog, served: str, subtests: pytest.Subtests
) -> None:
    for wish in (Wish(), Wish(agreed=True), Wish(agreed=True, typed_name="howtoai_prod"), Wish(typed_name=served)):
        with subtests.test(wish=wish):
            with pytest.raises(RefusedError, match=rf"The database {served} .* holds .* pass --yes and type its name"):
                restore(wish)
            assert len(emails()) == 2
            assert databases(served) == [served]


def test_an_empty_server_is_restored_to_without_questions(backup: BackupLog, served: str) -> None:
    """As after a fire: there is a database, with nothing in it."""
    restoring.disconnect()
    with server.connected(server.NEUTRAL) as conn:
        conn.execute(f'DROP DATABASE "{served}" WITH (FORCE)')
        conn.execute(f'CREATE DATABASE "{served}"')
    restored = restore(Wish())
    assert emails() == ["then@howtoai.example"]
    assert restored.safety_backup == ""


def test_not_even_a_database_has_to_be_there(backup: BackupLog, served: str) -> None:
    restoring.disconnect()
    with server.connected(server.NEUTRAL) as conn:
        conn.execute(f'DROP DATABASE "{served}" WITH (FORCE)')
    restored = restore(Wish())
    assert emails() == ["then@howtoai.example"]
    assert restored.kept_database == ""


def test_a_restore_that_fails_leaves_the_old_database_and_files(
    backup: BackupLog, served: str, media: Path, backups_folder: Path
) -> None:
    """The last bytes of the uploaded files are harmed: the database is loaded already when that is seen."""
    path = backups_folder / backup.name / manifests.MEDIA
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    with pytest.raises(UnsoundError, match=manifests.MEDIA):
        restore(agreed(served, backup.name))
    assert len(emails()) == 2
    assert databases(served) == [served]
    assert [each.name for each in media.parent.glob("media*")] == ["media"]
    assert not (media / "pictures" / "7" / "face.webp").exists()


def test_the_wrong_key_is_seen_before_anything_is_touched(
    backup: BackupLog, served: str, settings: LazySettings
) -> None:
    settings.BACKUP_KEY = make_key()
    with pytest.raises(UnsoundError, match="not signed with our key"):
        restore(agreed(served, backup.name))
    assert len(emails()) == 2
    assert BackupLog.objects.count() == 1


def test_where_the_newest_cannot_be_read_the_newest_that_can_is_named(
    backup: BackupLog, served: str, backups_folder: Path
) -> None:
    """It is not taken by itself: what came between them would be lost without a word."""
    path = backups_folder / back_up().name / manifests.FILE
    path.chmod(0o600)
    path.write_text("{}")
    with pytest.raises(UnsoundError, match=f"no manifest of a backup.*that can be read is {backup.name}"):
        restore(agreed(served, manifests.LATEST))
    assert len(emails()) == 2


def test_whoever_is_connected_meanwhile_does_not_hold_it_up(backup: BackupLog, served: str) -> None:
    with server.connected() as somebody:
        somebody.execute("SELECT 1")
        restore(agreed(served, backup.name))
        with pytest.raises(psycopg.OperationalError):
            somebody.execute("SELECT 1")
    assert emails() == ["then@howtoai.example"]


def test_a_new_database_is_made_beside_the_other(backup: BackupLog, served: str, media: Path) -> None:
    restore(Wish(into=f"{served}_beside"))
    with server.connected(f"{served}_beside") as conn:
        assert server.one(conn, "SELECT count(*) FROM accounts_user") == 1
    assert len(emails()) == 2
    assert not (media / "pictures" / "7" / "face.webp").exists()


def test_single_tables_come_with_their_rows_and_no_others(backup: BackupLog, served: str) -> None:
    make_tutorial("Prompting that works")
    back_up()
    restored = restore(Wish(into=f"{served}_tables", tables=["tutorials_tutorial", "public.tutorials_topic"]))
    with server.connected(f"{served}_tables") as conn:
        assert server.one(conn, "SELECT count(*) FROM tutorials_tutorial") == 1
        assert server.one(conn, "SELECT count(*) FROM accounts_user") == 0
    assert restored.rows == 2


def test_a_wish_that_would_harm_is_refused(backup: BackupLog, served: str, subtests: pytest.Subtests) -> None:
    wishes: list[tuple[dict[str, Any], str]] = [
        ({"tables": ["accounts_user"]}, "name a new database with --into"),
        ({"into": "x", "tables": ["accounts_usr"]}, "has no table accounts_usr"),
        ({"into": "postgres"}, "There is a database postgres already"),
        ({"into": "x" * 64}, "63 bytes"),
        ({"into": served}, "is the database that is served"),
        ({"into": f"{served}_scratch_mine"}, "_scratch_ are ours to drop"),
        ({"into": f"{served}_restoring_mine"}, "_restoring_ are ours to drop"),
        ({"into": ""}, "The name of the new database is empty"),
        ({"into": "", "agreed": True, "typed_name": served}, "The name of the new database is empty"),
        ({"backup": ""}, "The name of the backup is empty"),
    ]
    for wish, words in wishes:
        with subtests.test(wish=wish):
            with pytest.raises(RefusedError, match=words):
                restore(Wish(**wish))
            assert databases(served) == [served]


def test_a_database_beside_is_dropped_again_if_it_fails(backup: BackupLog, served: str, backups_folder: Path) -> None:
    path = backups_folder / backup.name / manifests.DATABASE
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    with pytest.raises(BackupError):
        restore(Wish(into=f"{served}_beside"))
    assert databases(served) == [served]


def test_a_backup_carried_elsewhere_is_restored_by_its_manifest(
    backup: BackupLog, served: str, backups_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "stick").mkdir()
    (backups_folder / backup.name).rename(tmp_path / "stick" / backup.name)
    with pytest.raises(NotThereError):
        restore(agreed(served, backup.name))
    restore(agreed(served, str(tmp_path / "stick" / backup.name / manifests.FILE)))
    assert emails() == ["then@howtoai.example"]


def test_a_storage_that_is_gone_does_not_make_a_failure_of_a_restore(
    backup: BackupLog, served: str, backups_folder: Path, tmp_path: Path, settings: LazySettings
) -> None:
    """After a fire: the backup is on a stick, and where others should lie nothing can."""
    (tmp_path / "stick").mkdir()
    (backups_folder / backup.name).rename(tmp_path / "stick" / backup.name)
    (tmp_path / "file").touch()
    settings.STORAGES = settings.STORAGES | {
        "backups": settings.STORAGES["backups"] | {"OPTIONS": {"location": tmp_path / "file" / "backups"}}
    }
    path = str(tmp_path / "stick" / backup.name / manifests.FILE)
    restored = restore(agreed(served, path, safety_backup=False))
    assert emails() == ["then@howtoai.example"]
    (remark,) = restored.remarks
    assert "not in the table of backups yet, the next backup sees to it: The list in the storage of backups" in remark


def test_files_that_cannot_be_put_in_place_leave_the_old_ones(
    backup: BackupLog, served: str, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second renaming fails, as when somebody makes the folder anew in between."""
    rename = Path.rename

    def refuse_the_new(path: Path, target: Path) -> Path:
        if ".restoring-" in path.name:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(BackupError, match=r"could not be put in place: .*Directory not empty"):
        restore(agreed(served, backup.name, safety_backup=False))
    assert len(emails()) == 2
    assert sorted(path.name for path in media.parent.glob("media*")) == ["media"]
    assert (media / "Übung 1.txt").exists()


def test_a_file_that_is_no_manifest_is_refused(backup: BackupLog, served: str, tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text("DROP TABLE accounts_user;")
    with pytest.raises(UnsoundError, match=r"is no manifest\.json"):
        restore(agreed(served, str(tmp_path / "dump.sql")))
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(UnsoundError, match="is no manifest of a backup"):
        restore(agreed(served, str(tmp_path / "manifest.json")))


def test_two_restores_at_once_are_one_and_a_refusal(backup: BackupLog, served: str) -> None:
    with server.connected(server.NEUTRAL) as conn, server.only_one(conn, restoring.DEED), pytest.raises(BusyError):
        restore(agreed(served, backup.name))


def test_what_a_killed_restore_left_is_removed_by_the_next(backup: BackupLog, served: str, media: Path) -> None:
    with server.connected(server.NEUTRAL) as conn:
        conn.execute(f'CREATE DATABASE "{restoring.leftover_prefix()}left"')
    (media.parent / "media.restoring-20260101000000").mkdir()
    restore(Wish(into=f"{served}_beside"))
    assert databases(served) == [served, f"{served}_beside"]
    assert not (media.parent / "media.restoring-20260101000000").exists()


def at_a_terminal(command: list[str], environment: dict[str, str], answer: str) -> tuple[str, int]:
    """What is seen there before the answer is typed, and how the command ends."""
    ours, its = os.openpty()
    with subprocess.Popen(
        [sys.executable, "manage.py", *command], env=environment, stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        seen = ""
        while not seen.endswith("Type its name: "):
            seen += os.read(ours, 1024).decode()
        os.write(ours, f"{answer}\n".encode())
        with suppress(OSError):
            # Until the other end is closed.
            while os.read(ours, 1024):
                pass
    os.close(ours)
    return seen, process.returncode


def test_at_a_terminal_one_reads_what_would_be_replaced_before_typing_its_name(
    backup: BackupLog, served: str, environment: dict[str, str]
) -> None:
    restoring.disconnect()
    command = ["restore", backup.name, "--yes", "--without-safety-backup"]
    seen, code = at_a_terminal(command, environment, "wrong")
    assert re.search(rf"The database {served} at .* \(cluster \d+\) holds \d+ tables of \d+ MB, about \d+ rows", seen)
    assert code == 4
    assert len(emails()) == 2
    restoring.disconnect()
    _, code = at_a_terminal(command, environment, served)
    assert code == 0
    assert emails() == ["then@howtoai.example"]


def test_a_variable_that_is_not_set_names_nothing(backup: BackupLog, served: str, subtests: pytest.Subtests) -> None:
    for arguments in (["", "--yes"], ["--latest", "--into", ""]):
        with subtests.test(arguments=arguments):
            with pytest.raises(CommandError, match="is empty") as refusal:
                call_command("restore", *arguments, "--name", served, verbosity=0)
            assert refusal.value.returncode == 4
            assert len(emails()) == 2


def test_the_command_tells_what_it_kept(backup: BackupLog, served: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("restore", "--latest", "--yes", "--name", "wrong", verbosity=0)
    assert refusal.value.returncode == 4
    call_command("restore", backup.name, "--yes", "--name", served, "--json")
    told = json.loads(capsys.readouterr().out)
    assert databases(served) == [served, told["kept_database"]]
    assert [step["step"] for step in told["steps"]] == [
        "restore the database",
        "analyse the database",
        "restore the uploaded files",
        "compare with the manifest",
        "put it in place",
    ]
