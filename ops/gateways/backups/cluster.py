"""A server of our own, for as long as it takes: started from files of a backup, in a folder that nobody else uses.

It takes nothing from the settings of the server that was backed up: it listens on a socket in a private folder only,
and archives, replicates and sends nothing, so that it can do no harm to what is live.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg.conninfo import make_conninfo

from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError, RefusedError, UnsoundError
from ops.gateways.backups.programs import LONGEST_WORDS, Running, die_with, program
from ops.gateways.backups.storages import BLOCK
from ops.gateways.backups.wal import END

PREFIX = "recovering-"
# Held as long as somebody works in the folder.
LOCK = "lock"
# Leads to the folder of the server's socket, which is elsewhere, so that it is found when its maker was killed.
SOCKETS = "sockets"
SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = 5432
hba_file = '{sockets}/pg_hba.conf'
ident_file = '{sockets}/pg_ident.conf'
logging_collector = off
log_destination = 'stderr'
log_timezone = 'UTC'
timezone = 'UTC'
lc_messages = 'C'
hot_standby = off
archive_mode = off
wal_level = replica
max_wal_senders = 0
autovacuum = off
max_wal_size = '4GB'
fsync = off
synchronous_commit = off
full_page_writes = off
restore_command = 'false'
recovery_target_timeline = 'latest'
recovery_target_action = 'promote'
"""
# Nobody but who we are, as whom we work with the live one.
ACCESS = "local all all peer map=us\n"
STOP_SECONDS = 60
END_SECONDS = 10
LINKS_SINCE = 18
LOOK_EVERY = 0.05  # seconds
TOO_SHORT = "recovery ended before configured recovery target was reached"
LAST_COMMIT = re.compile(r"last completed transaction was at log time (.+)")


def account() -> pwd.struct_passwd | None:
    """Who runs a server that we start: `nobody` when we are root, which PostgreSQL refuses to be."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def identity() -> dict[str, Any]:
    """The arguments of `subprocess` for it."""
    who = account()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """One that is gone afterwards. Whoever is killed leaves it to `remove_leftovers`."""
    draft = Path(tempfile.mkdtemp(prefix="new-", dir=made_place()))
    # The server that runs in it may be somebody else's, and its files let nobody but that in.
    draft.chmod(0o711)
    with (draft / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Only now by a name at which others look: see `remove_leftovers`.
        folder = draft.rename(draft.with_name(PREFIX + draft.name.removeprefix("new-")))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def made_place() -> Path:
    place = Path(settings.BACKUP_SCRATCH)
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    return place


def remove_leftovers() -> None:
    """Of those that were killed, and their servers with them. Those that somebody is at work in stay."""
    for folder in Path(settings.BACKUP_SCRATCH).glob(f"{PREFIX}*"):
        try:
            with (folder / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                wait_for_its_end(folder / "data" / "postmaster.pid")
                shutil.rmtree((folder / SOCKETS).resolve(), ignore_errors=True)
                shutil.rmtree(folder, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def wait_for_its_end(pid_file: Path) -> None:
    """Of a server that is ending since whoever started it was killed: it may write until then. At most some seconds."""
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        time.sleep(LOOK_EVERY)


def refuse_unfit_place(size: int) -> None:
    """Raises RefusedError unless a server of so many bytes can be recovered where it would be."""
    place = made_place()
    who = account()
    closed = [path for path in (place, *place.parents) if not path.stat().st_mode & 0o001] if who else []
    if who and closed:
        raise RefusedError(
            f"PostgreSQL does not run as root, and {who.pw_name} may not enter {closed[0]}: name another place in"
            " BACKUP_SCRATCH, or do this as another user."
        )
    free = shutil.disk_usage(place).free
    if free < size:
        raise RefusedError(
            f"Recovering needs {size / 1e9:.1f} GB, and {place} has {free / 1e9:.1f} GB free: make room, or name a"
            " larger place in BACKUP_SCRATCH."
        )


# In a process of its own, which shares no interpreter with those who open what it unpacks.
UNPACK = f"""
import os, sys, tarfile

def plain(archive):
    for member in archive:
        if not (member.isfile() or member.isdir()) or member.name.startswith("/") or ".." in member.name.split("/"):
            sys.exit(f"{{member.name}} is no file below the folder")
        member.uid, member.gid, member.uname, member.gname = os.geteuid(), os.getegid(), "", ""
        yield member

with tarfile.open(mode="r|", fileobj=sys.stdin.buffer, bufsize={BLOCK}, copybufsize={BLOCK}) as archive:
    if hasattr(tarfile, "data_filter"):
        archive.extractall(sys.argv[1], filter="data")
    else:
        # Before Python 3.11.4, such as that of Debian 12.
        archive.extractall(sys.argv[1], members=plain(archive))
while sys.stdin.buffer.read({BLOCK}):
    pass
"""


def unpacking(folder: Path) -> Running:
    """Takes a tar as it comes and unpacks it into a new folder; only what is below it."""
    folder.mkdir(mode=0o700)
    # Nobody would remove what it wrote after our end.
    command = [sys.executable, "-c", UNPACK, str(folder)]
    return Running(command, {}, name="unpacking the files of the server", feeds=True, dies_with_us=True)


def verify_files(folder: Path, *, major: int) -> None:
    """Every file against the server's own list. Raises UnsoundError."""
    run("pg_verifybackup", str(folder), major=major)


def combine(full: Path, changes: Path, into: Path, *, major: int) -> None:
    """What the server was at the second, from all files of the first and what has changed. Raises UnsoundError.

    Files that have not changed are those of `full`, where the program can link them, which is then of no use by itself.
    """
    link = ["--link"] if major >= LINKS_SINCE else []
    run("pg_combinebackup", *link, "--no-sync", f"--output={into}", str(full), str(changes), major=major)


def run(name: str, *arguments: str, major: int) -> None:
    done = subprocess.run([program(name, major=major), *arguments], capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-LONGEST_WORDS:]
        raise UnsoundError(f"{name} refuses the files of the server (exit {done.returncode}): {words}")


class ScratchServer:
    """One server from the files in `data`, which are changed by it."""

    def __init__(self, data: Path, *, major: int) -> None:
        self.data, self.major = data, major
        # A path to a socket may have some hundred bytes, which that of the data may exceed.
        self.sockets = Path(tempfile.mkdtemp(prefix="how-to-ai-"))
        (data.parent / SOCKETS).symlink_to(self.sockets)
        self.log = self.sockets / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def recover(self, until: datetime | None) -> None:
        """Replay the log that lies in the files, to a moment, to its end, or only as far as it must; and serve that.

        Raises UnsoundError if the log ends before that moment.
        """
        self.configure(until)
        who = account()
        me = os.getpid()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program("postgres", major=self.major), "-D", str(self.data), "-c", f"config_file={self.config}"],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with(me, signal.SIGQUIT),  # noqa: PLW1509 - one call of libc, no lock of ours
                **identity(),
            )
        if who:
            self.log.chmod(0o600)
        while not self.serves():
            if self.process.poll() is not None:
                self.explain()
            time.sleep(LOOK_EVERY)

    @property
    def config(self) -> Path:
        return self.sockets / "postgresql.conf"

    def configure(self, until: datetime | None) -> None:
        me, role = pwd.getpwuid(os.geteuid()).pw_name, server.role()
        (self.sockets / "pg_hba.conf").write_text(ACCESS)
        (self.sockets / "pg_ident.conf").write_text(f'us "{me}" "{role}"\n')
        self.config.write_text(SETTINGS.format(sockets=self.sockets) + target(until))
        # What ALTER SYSTEM has set there is for there.
        (self.data / "postgresql.auto.conf").write_text("")
        (self.data / "recovery.signal").touch()
        if who := account():
            for path in (self.sockets, self.data, *self.sockets.rglob("*"), *self.data.rglob("*")):
                os.chown(path, who.pw_uid, who.pw_gid, follow_symlinks=False)
        self.data.chmod(0o700)

    def serves(self) -> bool:
        """Not before its end of the recovery, since it is no hot standby."""
        command = [program("pg_isready", major=self.major), "-q", "-h", str(self.sockets), "-d", server.NEUTRAL]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def explain(self) -> None:
        """Why it has ended. Always raises."""
        words = self.log.read_text(errors="replace").strip()[-LONGEST_WORDS:]
        if TOO_SHORT in words:
            last = LAST_COMMIT.search(words)
            told = f": its last commit was at {last[1]}" if last else ""
            raise UnsoundError(f"The write-ahead log ends before the moment that was wanted{told}.")
        raise BackupError(f"The server that was to be recovered does not start: {words}")

    def last_commit(self) -> datetime | None:
        """When it was made, as the log says that was replayed; None if there was none in it."""
        with server.connected_to(self.conninfo(server.NEUTRAL), what="The recovered server") as conn:
            moment: datetime | None = server.one(conn, "SELECT pg_last_xact_replay_timestamp()")
        return moment

    def conninfo(self, name: str) -> str:
        return make_conninfo("", host=str(self.sockets), port=5432, dbname=name, user=server.role())

    def stop(self) -> None:
        """Its files are then those of a server that was shut down."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)


def target(until: datetime | None) -> str:
    """The line that tells PostgreSQL how far to go; to the end of the log it goes without one."""
    if until is None:
        return "recovery_target = 'immediate'\n"
    # With its offset, and to the microsecond.
    return "" if until == END else f"recovery_target_time = '{until.astimezone(UTC).isoformat(' ')}'\n"


@contextmanager
def recovered(data: Path, until: datetime | None, *, major: int) -> Iterator[ScratchServer]:
    made = ScratchServer(data, major=major)
    try:
        made.recover(until)
        yield made
    finally:
        made.stop()
