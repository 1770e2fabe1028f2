"""A backup is proven by restoring it; whatever could not be restored and found equal is not proven."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.models import User
from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError, BusyError, NotThereError, RefusedError, StorageError, UnsoundError
from ops.gateways.backups.keys import make_key, our_keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupLog, BackupState, Verdict
from ops.services.backups import manifests, verifying
from ops.services.backups.backing_up import back_up
from ops.services.backups.contents import look_at
from ops.services.backups.loading import differences
from ops.services.backups.verifying import verify
from tests.community.members import make_post
from tests.factories import make_tutorial, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(backups_folder: Path, media: Path) -> BackupLog:
    make_user(email="somebody@howtoai.example")
    make_tutorial("Prompting that works")
    return back_up()


@pytest.fixture
def database(backup: BackupLog, backups_folder: Path) -> Path:
    return backups_folder / backup.name / manifests.DATABASE


def scratch_databases() -> list[str]:
    with server.connected(server.NEUTRAL) as conn:
        rows = conn.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [verifying.scratch_prefix()]
        ).fetchall()
        return [name for (name,) in rows]


def refused(name: str, kind: type[BackupError], words: str) -> None:
    """It is not proven, and the record says so in the same words; nothing is left behind."""
    with pytest.raises(kind, match=words) as error:
        verify(name)
    log = BackupLog.objects.get(name=name)
    assert (log.verdict, log.verification_error) == (Verdict.FAILED, str(error.value))
    assert log.recovery_seconds is None
    assert scratch_databases() == []


def test_one_that_is_whole_and_was_taken_for_failed_is_proven(backups_folder: Path) -> None:
    """As where the storage was away from the moment when it had all of it, so that nothing could be removed either."""
    log = back_up()
    BackupLog.objects.update(state=BackupState.FAILED, error="The storage does not answer.", objects_stored=[])
    assert verify(log.name).verdict == Verdict.PASSED
    found = BackupLog.objects.get()
    assert (found.state, found.error, found.verdict) == (BackupState.DONE, "", Verdict.PASSED)


def test_a_whole_backup_is_proven_and_the_time_is_recorded(backup: BackupLog) -> None:
    log = verify(backup.name)
    assert log.verdict == Verdict.PASSED
    assert log.recovery_seconds is not None
    assert log.recovery_seconds > 0
    assert log.verified_at is not None
    assert [step["step"] for step in log.steps if step.get("verifying")] == [
        "restore the database",
        "analyse the database",
        "look at the uploaded files",
        "compare with the manifest",
        "drop the scratch database",
    ]
    assert scratch_databases() == []


def test_what_changes_afterwards_does_not_matter(backup: BackupLog) -> None:
    make_user(email="another@howtoai.example")
    assert verify(backup.name).verdict == Verdict.PASSED


def test_the_latest_is_verified_unless_another_is_named(backup: BackupLog) -> None:
    newer = back_up()
    call_command("verify_backup", verbosity=0)
    assert set(BackupLog.objects.values_list("name", "verdict")) == {
        (newer.name, Verdict.PASSED),
        (backup.name, Verdict.UNKNOWN),
    }
    # As the clock has it: parsed, since an option can come to nothing there.
    call_command("verify_backup", "--oldest", "--verbosity=0")
    backup.refresh_from_db()
    assert backup.verdict == Verdict.PASSED


def test_a_verdict_can_change_and_only_the_last_verification_is_told(backup: BackupLog, database: Path) -> None:
    verify(backup.name)
    count = len(verify(backup.name).steps)
    assert len(verify(backup.name).steps) == count
    database.chmod(0o600)
    database.write_bytes(database.read_bytes()[:-1])
    refused(backup.name, UnsoundError, "truncated or altered")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("object_name", [manifests.DATABASE, manifests.MEDIA])
@pytest.mark.parametrize(
    ("harm", "words"), [(cut, "truncated or altered"), (flip, "cannot be opened"), (empty, "has 0 bytes")]
)
def test_an_object_that_was_harmed_is_named(
    backup: BackupLog, backups_folder: Path, harm: Callable[[Path], None], words: str, object_name: str
) -> None:
    harm(backups_folder / backup.name / object_name)
    refused(backup.name, UnsoundError, f"{object_name}.*{words}")


def test_an_object_that_is_gone_is_named(backup: BackupLog, database: Path) -> None:
    database.unlink()
    refused(backup.name, StorageError, f"{database.name} .*No such file")


def test_an_object_that_is_not_the_one_of_the_manifest_is_refused(backup: BackupLog, backups_folder: Path) -> None:
    """It opens with our key, as that of another backup of ours would: only the manifest tells."""
    path = backups_folder / backup.name / manifests.FILE
    manifest = manifests.read(backup_storage(), backup.name, our_keys())
    manifest.objects[1]["sha256"] = "0" * 64
    path.write_bytes(manifests.sealed_text(manifest, our_keys()))
    refused(backup.name, UnsoundError, "another object than its manifest names")


def test_a_foreign_file_is_refused(backup: BackupLog, database: Path) -> None:
    """A plain dump of somebody's, of the same length."""
    database.write_bytes((b"PGDMP" + bytes(database.stat().st_size))[: database.stat().st_size])
    refused(backup.name, UnsoundError, "no backup of ours")


def test_another_key_proves_nothing(backup: BackupLog, settings: LazySettings) -> None:
    settings.BACKUP_KEY = make_key()
    refused(backup.name, UnsoundError, "not signed with our key")


def test_without_a_key_it_is_not_proven(backup: BackupLog, settings: LazySettings) -> None:
    settings.BACKUP_KEY = ""
    refused(backup.name, RefusedError, "BACKUP_KEY is not set")


def test_a_role_that_may_make_no_database_proves_nothing(backup: BackupLog) -> None:
    """Could not run is a failure, never a pass."""
    with server.connected(server.NEUTRAL) as conn:
        conn.execute("CREATE ROLE howtoai_weak LOGIN")
        conn.execute("GRANT howtoai_weak TO CURRENT_USER")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server, "OPTIONS", f"{server.OPTIONS} -c role=howtoai_weak")
            refused(backup.name, BackupError, "may not make a database to restore into")
    finally:
        with server.connected(server.NEUTRAL) as conn:
            conn.execute("DROP ROLE howtoai_weak")


def test_a_backup_that_is_not_there_gets_no_verdict(backups_folder: Path) -> None:
    with pytest.raises(NotThereError, match="There is no backup"):
        verify()
    with pytest.raises(CommandError) as error:
        call_command("verify_backup", "logical-none")
    assert error.value.returncode == 6


def test_two_verifications_at_once_are_one_and_a_refusal(backup: BackupLog) -> None:
    with server.connected(server.NEUTRAL) as conn, server.only_one(conn, verifying.DEED), pytest.raises(BusyError):
        verify(backup.name)
    backup.refresh_from_db()
    assert backup.verdict == Verdict.UNKNOWN


def test_what_a_killed_verification_left_is_dropped_by_the_next(backup: BackupLog) -> None:
    with server.connected(server.NEUTRAL) as conn:
        conn.execute(f'CREATE DATABASE "{verifying.scratch_prefix()}left"')
    verify(backup.name)
    assert scratch_databases() == []


def test_rows_that_got_lost_on_the_way_are_found(backup: BackupLog, backups_folder: Path) -> None:
    """The manifest says one more than the dump has: signed, as if the fault were ours."""
    path = backups_folder / backup.name / manifests.FILE
    manifest = manifests.read(backup_storage(), backup.name, our_keys())
    manifest.contents["row_counts"]["public.accounts_user"] += 1
    path.write_bytes(manifests.sealed_text(manifest, our_keys()))
    refused(backup.name, UnsoundError, "public.accounts_user has 1 rows and should have 2")


def contents(**changed: object) -> Contents:
    about: dict[str, object] = {
        "row_counts": {"public.a": 2, "public.b": 0},
        "samples": {"public.a": "1" * 64},
        "objects": {"indexes": 4},
        "sequences_behind": [],
        "migrations": ["a.0001"],
        "broken_rules": {"likes of a post": 0},
    }
    return Contents(**(about | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"row_counts": {"public.a": 2}}, ["public.b has no rows and should have 0"]),
        ({"row_counts": {"public.a": 2, "public.b": 0, "c": 1}}, ["c has 1 rows and should have none"]),
        ({"samples": {"public.a": "2" * 64}}, ["rows of public.a are others"]),
        ({"objects": {"indexes": 3}}, ["3 indexes instead of 4"]),
        ({"sequences_behind": ["a_id_seq"]}, ["the sequence a_id_seq is behind its table"]),
        ({"broken_rules": {"likes of a post": 3}}, ["3 rows have wrong likes of a post instead of 0"]),
        ({"broken_rules": {}}, []),
        ({"migrations": ["a.0001", "a.0002"]}, ["other migrations are applied: a.0002"]),
        ({}, []),
    ],
)
def test_each_kind_of_difference_has_its_words(found: dict[str, object], words: list[str]) -> None:
    assert differences(contents(), contents(**found)) == words


@pytest.mark.django_db(transaction=True)
def test_a_rule_of_the_application_that_is_broken_is_counted(learner: User) -> None:
    make_post("Liked by nobody", author=learner)
    with server.connected() as conn, conn.transaction(force_rollback=True):
        assert set(look_at(conn).broken_rules.values()) == {0}
        conn.execute("UPDATE community_post SET likes_count = 7")
        assert look_at(conn).broken_rules["likes of a post"] == 1
        # As in a database of another release.
        conn.execute("ALTER TABLE community_post DROP COLUMN likes_count CASCADE")
        assert "likes of a post" not in look_at(conn).broken_rules


def test_kinds_that_only_older_manifests_have_are_no_difference() -> None:
    then = contents(objects={"indexes": 4, "functions": 252})
    assert differences(then, contents(objects={"indexes": 4, "own functions": 9})) == []


def test_a_sequence_that_is_behind_its_table_is_seen(db: None) -> None:
    with server.connected() as conn:
        assert look_at(conn).sequences_behind == []
        conn.execute("INSERT INTO auth_group (id, name) OVERRIDING SYSTEM VALUE VALUES (99999, 'far')")
        assert look_at(conn).sequences_behind == ["auth_group_id_seq"]
