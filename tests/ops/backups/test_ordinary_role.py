"""What works for a superuser with a few rows works in production too: an ordinary role, megabytes, and autovacuum."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError
from ops.models import BackupLog, Verdict
from ops.services.backups import manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.restoring import Wish, restore
from ops.services.backups.verifying import verify
from tests.factories import make_user
from tests.ops.backups.ordinary import ROWS, Ordinary


def test_a_backup_is_proven_and_restored(ordinary: Ordinary, media: Path, backups_folder: Path) -> None:
    make_user(email="then@howtoai.example")
    log = back_up()
    assert (backups_folder / log.name / manifests.DATABASE).stat().st_size > 5_000_000
    assert verify(log.name).verdict == Verdict.PASSED
    with server.connected() as conn:
        assert server.one(conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        conn.execute("DELETE FROM bulk")
    restored = restore(Wish(agreed=True, typed_name=ordinary.database))
    with server.connected() as conn:
        assert server.one(conn, "SELECT count(*) FROM bulk") == ROWS
    assert BackupLog.objects.filter(name=restored.safety_backup).exists()


def test_single_tables_come_out_of_a_large_dump(ordinary: Ordinary) -> None:
    """Its head is read first, by a program that then ends and leaves the rest of it unread."""
    back_up()
    restored = restore(Wish(into=f"{ordinary.database}_tables", tables=["bulk"]))
    assert restored.rows == ROWS


def test_what_the_database_refuses_is_told_in_its_own_words(ordinary: Ordinary) -> None:
    """A superuser has made something there that an ordinary role may not make. The backup is as it was written."""
    with ordinary.superuser() as conn:
        conn.execute("CREATE EXTENSION pageinspect")
    log = back_up()
    with pytest.raises(BackupError, match='permission denied to create extension "pageinspect"') as error:
        verify(log.name)
    assert error.value.exit_code == 1
    log.refresh_from_db()
    assert "truncated" not in log.verification_error
