"""Physical backups: all files of the server, or what has changed; proven by a server that starts from them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from ops.gateways.backups import server
from ops.gateways.backups.base import refuse_what_cannot_be_copied
from ops.gateways.backups.cluster import refuse_unfit_place
from ops.gateways.backups.errors import NotThereError, RefusedError, UnsoundError
from ops.gateways.backups.storages import backup_storage
from ops.models import BackupKind, Verdict
from ops.services.backups import manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.retention import PhysicalCandidate, names_to_reach
from ops.services.backups.verifying import verify
from tests.factories import make_user

NOW = datetime(2026, 11, 30, tzinfo=UTC)
on_a_small_server = pytest.mark.usefixtures("small_server", "served")


@on_a_small_server
def test_a_full_one_and_then_what_has_changed_are_both_proven(backups_folder: Path, media: Path) -> None:
    make_user(email="first@howtoai.example")
    full = back_up(BackupKind.PHYSICAL)
    assert verify(full.name).verdict == Verdict.PASSED
    make_user(email="second@howtoai.example")
    changes = back_up(BackupKind.PHYSICAL)
    assert verify(changes.name).verdict == Verdict.PASSED
    assert (changes.size or 0) < (full.size or 0) / 2


@on_a_small_server
def test_an_altered_file_of_the_server_is_found(backups_folder: Path) -> None:
    log = back_up(BackupKind.PHYSICAL)
    path = backups_folder / log.name / manifests.CLUSTER
    path.chmod(0o600)
    written = bytearray(path.read_bytes())
    written[len(written) // 2] ^= 1
    path.write_bytes(written)
    with pytest.raises(UnsoundError, match=f"{manifests.CLUSTER} cannot be opened, it is truncated, altered"):
        verify(log.name)
    log.refresh_from_db()
    assert log.verdict == Verdict.FAILED


@on_a_small_server
def test_changes_without_the_full_backup_that_they_build_on_are_of_no_use(backups_folder: Path) -> None:
    full = back_up(BackupKind.PHYSICAL)
    changes = back_up(BackupKind.PHYSICAL)
    manifests.remove(backup_storage(), full.name)
    with pytest.raises(NotThereError, match=f"There is no backup {full.name}"):
        verify(changes.name)


@on_a_small_server
def test_after_one_that_could_not_be_proven_the_next_is_whole_again(backups_folder: Path) -> None:
    """The full one on which it builds may have rotted since it was proven."""
    full = back_up(BackupKind.PHYSICAL)
    changes = back_up(BackupKind.PHYSICAL)
    (backups_folder / full.name / manifests.CLUSTER).write_bytes(b"rotten")
    with pytest.raises(UnsoundError):
        verify(changes.name)
    assert verify(back_up(BackupKind.PHYSICAL).name).verdict == Verdict.PASSED


@on_a_small_server
def test_a_role_without_the_right_is_told_what_to_grant(backups_folder: Path) -> None:
    with server.connected() as conn:
        conn.execute("CREATE ROLE plain NOSUPERUSER")
        try:
            conn.execute("SET ROLE plain")
            with pytest.raises(RefusedError, match=r"ALTER ROLE \w+ REPLICATION"):
                refuse_what_cannot_be_copied(conn)
        finally:
            conn.execute("RESET ROLE")
            conn.execute("DROP ROLE plain")


@on_a_small_server
def test_a_place_without_room_is_refused_before_anything_is_done(backups_folder: Path, settings: LazySettings) -> None:
    with pytest.raises(RefusedError, match="name a larger place in BACKUP_SCRATCH"):
        refuse_unfit_place(10**18)
    log = back_up(BackupKind.PHYSICAL)
    settings.BACKUP_SCRATCH = backups_folder
    if os.geteuid() == 0:
        # Which only its owner may enter, and the server that is recovered runs as somebody else.
        with pytest.raises(RefusedError, match="may not enter"):
            verify(log.name)


def candidates(*days: float, verdict: str = Verdict.PASSED) -> list[PhysicalCandidate]:
    """One full one a week, with the changes to it in between; their names are how many days ago they were."""
    found, full = [], ""
    for day in sorted(days, reverse=True):
        full = "" if day % 7 == 0 else full or f"{day - day % 7 + 7:g}"
        found.append(PhysicalCandidate(f"{day:g}", NOW - timedelta(days=day), verdict, full))
        full = f"{day:g}" if day % 7 == 0 else full
    return found


def test_what_the_last_days_need_is_kept() -> None:
    kept = names_to_reach(candidates(*range(30)), NOW - timedelta(days=10))
    assert kept == {str(day) for day in range(12)} | {"14"}


def test_where_nothing_is_proven_all_is_kept() -> None:
    assert len(names_to_reach(candidates(*range(30), verdict=Verdict.UNKNOWN), NOW)) == 30


def test_what_could_not_be_proven_is_not_where_the_first_moments_begin() -> None:
    old = PhysicalCandidate("good", NOW - timedelta(days=21), Verdict.PASSED)
    bad = PhysicalCandidate("bad", NOW - timedelta(days=14), Verdict.FAILED)
    new = PhysicalCandidate("new", NOW, Verdict.PASSED)
    assert names_to_reach([old, bad, new], NOW - timedelta(days=7)) == {"good", "new"}
