"""Where each commit waits for `receive_wal`, none that was acknowledged is lost with the server and its disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ops.gateways.backups import receiver, server
from ops.gateways.backups.errors import NotThereError, RefusedError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.receiver import PARTIAL
from ops.gateways.backups.storages import backup_storage
from ops.gateways.backups.wal import END
from ops.models import BackupKind
from ops.services.backups import log_archive, manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.restoring import Wish, restore
from tests.config.processes import wait_until
from tests.factories import make_user
from tests.ops.backups.doomed import Writers, doomed_server
from tests.ops.backups.test_point_in_time import (
    emails_in,
    now,
    receiving,
    slotless,  # noqa: F401 - a fixture
    switch_segments,
    wait_until_stored,
)

pytestmark = pytest.mark.usefixtures("small_server", "slotless")


def have_commits_wait() -> None:
    """As docs/operations.md says; until it is so."""
    with server.connected() as conn:
        conn.execute(f"""ALTER SYSTEM SET synchronous_standby_names = '"{receiver.APPLICATION}"'""")
        conn.execute("SELECT pg_reload_conf()")
        waits = "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s"
        assert wait_until(lambda: server.one(conn, waits, [receiver.APPLICATION]) == "sync")


def test_what_was_acknowledged_is_there_after_the_server_and_its_disk_are_gone(
    environment: dict[str, str], served: str, capsys: pytest.CaptureFixture[str]
) -> None:
    received = Path(environment["VAR_DIR"]) / "wal"
    with doomed_server() as doomed, receiving(environment | {"DATABASE_URL": doomed.url(served)}) as process:
        with server.connected() as conn:
            conn.execute("CREATE TABLE promised (number bigint PRIMARY KEY)")
        wait_until_stored(now())
        back_up(BackupKind.PHYSICAL)
        have_commits_wait()
        # From now on nothing is stored any more. What receives the log is another process.
        process.send_signal(signal.SIGSTOP)
        stored_until = now()
        with Writers(server.conninfo()) as writers:
            for _ in range(3):
                writers.wait_for(50)
                switch_segments(1)
            writers.wait_for(50)
            doomed.burn()
        process.kill()
        process.wait()
    only_there = {path.name for path in received.glob("*/0*")}
    assert {name.endswith(PARTIAL) for name in only_there} == {True, False}
    end = log_archive.reach(backup_storage(), our_keys()).end
    assert end is not None
    assert end < stored_until

    into = f"{served}_then"
    call_command("restore", "--at", "end", "--received", str(received), "--into", into, "--json", "-v0")
    told = json.loads(capsys.readouterr().out)
    with server.connected(into) as conn:
        there = {number for (number,) in conn.execute("SELECT number FROM promised").fetchall()}
    assert len(writers.acknowledged) >= 200
    assert set(writers.acknowledged) - there == set()
    assert {name.removesuffix(PARTIAL) for name in only_there} >= set(told["only_received"])
    assert len(told["only_received"]) >= 4
    assert told["recovery_point"] > stored_until.isoformat()


def wait_until_received() -> None:
    """All that there is by now; by the server's word, which has it from the receiver."""
    with server.connected() as conn:
        position = int(server.one(conn, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

        def is_there() -> bool:
            found = receiver.slot(conn.cursor())
            return found is not None and found.received >= position

        assert wait_until(is_there)


def test_a_moment_to_which_only_the_receiver_leads_can_be_restored_and_none_after_its_last_commit(
    environment: dict[str, str], served: str
) -> None:
    received = Path(environment["VAR_DIR"]) / "wal"
    with receiving(environment) as process:
        wait_until_stored(now())
        back_up(BackupKind.PHYSICAL)
        process.send_signal(signal.SIGSTOP)
        make_user(email="then@howtoai.example")
        moment = now()
        make_user(email="later@howtoai.example")
        wait_until_received()
        process.kill()
        process.wait()
    with pytest.raises(NotThereError, match=r"cannot be restored: from .* on it goes from"):
        restore(Wish(at=moment, into=f"{served}_then"))
    restore(Wish(at=moment, received=received, into=f"{served}_then"))
    assert emails_in(f"{served}_then") == {"then@howtoai.example"}
    with pytest.raises(NotThereError, match=r"ends before the moment that was wanted: its last commit was at \d{4}-"):
        restore(Wish(at=now(), received=received, into=f"{served}_late"))


def test_while_it_is_still_received_and_stored_all_that_there_was_is_restored(
    environment: dict[str, str], served: str
) -> None:
    switched: list[str] = []

    def watcher(step: str, size: int) -> None:
        if step == "fetch the write-ahead log" and not switched:
            switched.append(step)
            # What was the newest is whole by then, stored, and gone where it was received.
            switch_segments(2)
            wait_until_stored(now())

    with receiving(environment):
        wait_until_stored(now())
        back_up(BackupKind.PHYSICAL)
        switch_segments(2)
        make_user(email="then@howtoai.example")
        received = Path(environment["VAR_DIR"]) / "wal"
        restored = restore(Wish(at=END, received=received, into=f"{served}_then"), watcher=watcher)
    assert switched
    assert restored.remarks == []
    assert emails_in(f"{served}_then") == {"then@howtoai.example"}


def test_a_copy_that_is_torn_or_older_than_what_is_stored_takes_nothing_away(
    environment: dict[str, str], served: str, tmp_path: Path
) -> None:
    received, copy = Path(environment["VAR_DIR"]) / "wal", tmp_path / "copy"
    with receiving(environment):
        wait_until_stored(now())
        back_up(BackupKind.PHYSICAL)
        switch_segments(1)
        make_user(email="first@howtoai.example")
        wait_until_stored(now())
        (folder,) = [path for path in received.iterdir() if path.is_dir()]
        shutil.copytree(folder, copy)
        (partial,) = copy.glob(f"*{PARTIAL}")
        os.truncate(partial, partial.stat().st_size // 3)
        make_user(email="second@howtoai.example")
        wait_until_stored(now())
    restored = restore(Wish(at=END, received=copy, into=f"{served}_then"))
    assert emails_in(f"{served}_then") == {"first@howtoai.example", "second@howtoai.example"}
    assert restored.only_received == []


def test_a_folder_without_the_log_of_a_server_that_is_backed_up_is_refused(
    environment: dict[str, str], served: str, tmp_path: Path
) -> None:
    name = back_up(BackupKind.PHYSICAL).name
    cluster = manifests.read(backup_storage(), name, our_keys()).of_cluster
    received = tmp_path / "received"
    received.mkdir()
    (received / "000000010000000000000001").write_bytes(b"of another server".ljust(cluster.segment_size, b"\0"))
    with pytest.raises(NotThereError, match=r"No physical backup of the server whose log is in .* was there"):
        restore(Wish(at=END, received=received, into=f"{served}_then"))
    (received / "000000010000000000000002.gz.partial").touch()
    with pytest.raises(RefusedError, match="is compressed: unpack"):
        restore(Wish(at=END, received=received, into=f"{served}_then"))
    with pytest.raises(RefusedError, match="is no folder"):
        restore(Wish(at=END, received=tmp_path / "nowhere", into=f"{served}_then"))
    with pytest.raises(CommandError, match="say to which, --at MOMENT or --at end"):
        call_command("restore", "--latest", "--received", str(received), "--into", f"{served}_then")
