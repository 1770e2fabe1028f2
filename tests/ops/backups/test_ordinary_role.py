"""What works for a superuser with a few rows works in production too: an ordinary role, megabytes, and autovacuum."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from accounts.models import User
from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError, RefusedError
from ops.models import BackupKind, BackupLog, Verdict
from ops.services.backups import manifests, restoring, verifying
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


def test_it_runs_no_program_and_reads_no_file(ordinary: Ordinary, subtests: pytest.Subtests) -> None:
    """Whatever gets a statement of its own past us is held here."""
    for statement in (
        "COPY bulk FROM PROGRAM 'id'",
        "COPY bulk TO '/tmp/bulk'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT rolpassword FROM pg_authid",
        "CREATE ROLE another SUPERUSER",
        "ALTER SYSTEM SET archive_command = 'id'",
        "SET session_replication_role = replica",
    ):
        with (
            subtests.test(statement),
            server.connected() as conn,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            conn.execute(statement)


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


def test_statistics_of_a_superuser_hinder_no_restore(ordinary: Ordinary) -> None:
    """As docs/operations.md has them made, for the page "System"."""
    with ordinary.superuser() as conn:
        conn.execute("CREATE EXTENSION pg_stat_statements")
    log = back_up()
    assert verify(log.name).verdict == Verdict.PASSED
    restored = restore(Wish(into=f"{ordinary.database}_beside"))
    with server.connected(restored.database) as conn:
        assert server.one(conn, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'") == 0
        assert server.one(conn, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == 1


def test_autovacuum_is_sent_away(ordinary: Ordinary, eager_autovacuum: None) -> None:
    """From the scratch database of a proof, and from both that are renamed."""
    seen: list[str] = []

    def watcher(step: str, size: int) -> None:
        if step in ("drop the scratch database", "put it in place"):
            seen.append(step)
            for prefix in (verifying.scratch_prefix(), restoring.leftover_prefix()):
                wait_for_autovacuum(prefix)

    log = back_up()
    assert verify(log.name, watcher=watcher).verdict == Verdict.PASSED
    restored = restore(Wish(agreed=True, typed_name=ordinary.database, safety_backup=False), watcher=watcher)
    assert seen == ["drop the scratch database", "put it in place"]
    assert databases(ordinary.database) == [ordinary.database, restored.kept_database]


def wait_for_autovacuum(prefix: str) -> None:
    """In the database of this prefix, if there is one."""
    with server.connected(server.NEUTRAL) as conn:
        # Of a worker that is not ours, no more can be seen than where it is.
        while server.databases_named(conn, prefix) and not server.one(
            conn, "SELECT count(*) FROM pg_stat_activity WHERE starts_with(datname, %s) AND usesysid IS NULL", [prefix]
        ):
            conn.execute("SELECT pg_sleep(0.05)")


def databases(prefix: str) -> list[str]:
    with server.connected(server.NEUTRAL) as conn:
        return server.databases_named(conn, prefix)


def test_a_superuser_in_the_scratch_database_changes_no_verdict(ordinary: Ordinary) -> None:
    """It then stays until the next, which drops it; what comes in between goes on."""
    log = back_up()
    with ExitStack() as stack:

        def watcher(step: str, size: int) -> None:
            if step == "compare with the manifest":
                (scratch,) = databases(verifying.scratch_prefix())
                stack.enter_context(ordinary.superuser(scratch))

        assert verify(log.name, watcher=watcher).verdict == Verdict.PASSED
        assert verify(log.name).verdict == Verdict.PASSED
        assert len(databases(verifying.scratch_prefix())) == 1
    assert verify(log.name).verdict == Verdict.PASSED
    assert databases(verifying.scratch_prefix()) == []


def test_what_a_killed_restore_left_and_cannot_be_dropped_does_not_hinder_the_next(ordinary: Ordinary) -> None:
    back_up()
    left = f"{restoring.leftover_prefix()}left"
    with ordinary.superuser() as conn:
        conn.execute(f'CREATE DATABASE "{left}"')
    restore(Wish(into=f"{ordinary.database}_beside"))
    assert databases(ordinary.database) == [ordinary.database, f"{ordinary.database}_beside", left]


def test_a_superuser_in_the_database_that_is_served_is_named_and_all_stays(ordinary: Ordinary, media: Path) -> None:
    back_up()
    make_user(email="later@howtoai.example")
    (media / "later.txt").touch()
    with ordinary.superuser(), pytest.raises(BackupError, match="is still in use by howtoai: stop web"):
        restore(Wish(agreed=True, typed_name=ordinary.database, safety_backup=False))
    assert User.objects.count() == 1
    assert (media / "later.txt").exists()
    assert databases(ordinary.database) == [ordinary.database]


def test_what_the_role_may_not_do_is_told_before_anything_is_loaded(ordinary: Ordinary) -> None:
    back_up()
    name, steps = ordinary.database, []
    wish = Wish(agreed=True, typed_name=name)

    def watcher(step: str, size: int) -> None:
        steps.append(step)

    with ordinary.superuser() as conn:
        conn.execute(f'ALTER ROLE "{ordinary.role}" NOCREATEDB')
        with pytest.raises(RefusedError, match=r"may not make a database to restore into: ALTER ROLE .* CREATEDB"):
            restore(wish, watcher=watcher)
        conn.execute(f'ALTER ROLE "{ordinary.role}" CREATEDB')
        conn.execute(f'ALTER DATABASE "{name}" OWNER TO CURRENT_USER')
        with pytest.raises(RefusedError, match=f"{name} belongs to howtoai, so {ordinary.role} may not rename it"):
            restore(wish, watcher=watcher)
    assert steps == []


def test_what_is_restored_has_statistics_for_the_planner(ordinary: Ordinary) -> None:
    back_up()
    restore(Wish(agreed=True, typed_name=ordinary.database, safety_backup=False))
    with server.connected() as conn:
        assert server.one(conn, "SELECT count(*) FROM pg_stats WHERE tablename = 'bulk'") == 2
        assert server.one(conn, "SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'bulk'")


def test_the_files_of_the_server_are_backed_up_and_proven_by_a_role_that_may_read_its_log(
    small_server: None, ordinary: Ordinary
) -> None:
    with pytest.raises(RefusedError, match=f"ALTER ROLE {ordinary.role} REPLICATION"):
        back_up(BackupKind.PHYSICAL)
    with ordinary.superuser() as conn:
        conn.execute(sql.SQL("ALTER ROLE {} REPLICATION").format(sql.Identifier(ordinary.role)))
    assert verify(back_up(BackupKind.PHYSICAL).name).verdict == Verdict.PASSED
