"""`pg_receivewal`: the server's write-ahead log as it is written, into a folder of ours.

A replication slot makes the server keep what we do not have yet. It connects again by itself when the server was away.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.programs import LONGEST_WORDS, die_with, program
from ops.gateways.backups.wal import HISTORY_NAME, SEGMENT_NAME

# As the server shows it; `synchronous_standby_names` may name it.
APPLICATION = "how-to-ai wal"
PARTIAL = ".partial"
STOP_SECONDS = 5


def place() -> Path:
    """What is received on this machine, a folder for each server."""
    return Path(settings.VAR_DIR) / "wal"


def slot_name() -> str:
    """One for each site, since several may share a server."""
    return f"{re.sub('[^a-z0-9_]', '_', server.database_name().lower())[:50]}_wal"


@dataclass(frozen=True)
class Slot:
    """`received`: the position up to which we have the log on disk. `kept`: bytes that the server keeps for us.

    `is_lost`: the server has thrown away what we had not received.
    """

    received: int
    kept: int
    is_lost: bool
    is_active: bool


def slot(cursor: Any) -> Slot | None:
    """None if there is none. With a cursor of Django's or of psycopg's own."""
    cursor.execute(
        "SELECT coalesce(restart_lsn, '0/0') - '0/0'::pg_lsn, coalesce(pg_current_wal_lsn() - restart_lsn, 0),"
        " coalesce(wal_status = 'lost', false), active FROM pg_replication_slots WHERE slot_name = %s",
        [slot_name()],
    )
    row = cursor.fetchone()
    return Slot(int(row[0]), int(row[1]), bool(row[2]), bool(row[3])) if row else None


def make_slot(conn: Connection[TupleRow]) -> None:
    """One that keeps the log from now on."""
    conn.execute("SELECT pg_create_physical_replication_slot(%s, true)", [slot_name()])


def drop_slot(conn: Connection[TupleRow]) -> None:
    conn.execute("SELECT pg_drop_replication_slot(%s)", [slot_name()])


@dataclass
class Received:
    """What is in the folder: whole segments and histories, each once, and the one that is being written."""

    whole: list[Path]
    histories: list[Path]
    partial: Path | None


def received(folder: Path) -> Received:
    paths = sorted(folder.iterdir())
    partial = [path for path in paths if SEGMENT_NAME.fullmatch(path.name.removesuffix(PARTIAL)) and path.suffix]
    return Received(
        [path for path in paths if SEGMENT_NAME.fullmatch(path.name)],
        [path for path in paths if HISTORY_NAME.fullmatch(path.name)],
        partial[-1] if partial else None,
    )


class Receiver:
    """The program at work, as long as it lives."""

    def __init__(self, folder: Path, *, major: int) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.words = folder.with_suffix(".log")
        command = [program("pg_receivewal", major=major), f"--directory={folder}", f"--slot={slot_name()}"]
        command += [f"--dbname={server.conninfo(application=APPLICATION)}", "--no-password", "--synchronous"]
        me = os.getpid()
        with self.words.open("wb") as words:
            self.process = subprocess.Popen(
                command,
                env=os.environ | server.password_environment(),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                # Whoever comes next could not have the slot.
                preexec_fn=lambda: die_with(me, signal.SIGTERM),  # noqa: PLW1509 - one call of libc, no lock of ours
            )

    def look(self) -> None:
        """Raises BackupError with its own words if it has ended."""
        if self.process.poll() is not None:
            words = self.words.read_text(errors="replace").strip()[-LONGEST_WORDS:]
            raise BackupError(f"pg_receivewal has ended (exit {self.process.returncode}): {words}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
