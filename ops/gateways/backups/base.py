"""`pg_basebackup`: all files of the server as one tar that flows, also when only those are wanted that have changed."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from ops.gateways.backups import server
from ops.gateways.backups.errors import BackupError, RefusedError
from ops.gateways.backups.programs import Running, program
from ops.gateways.backups.storages import Readable

LIST = "backup_manifest"
BLOCK = tarfile.BLOCKSIZE
# Which can say what has changed, and names itself in the list of its files.
SINCE = 17


def refuse_what_cannot_be_copied(conn: Connection[TupleRow]) -> None:
    """Raises RefusedError unless our role may read the server's files and log, and it is new enough for that."""
    if server.major_of(conn) < SINCE:
        words = f"The files of the server can be backed up from PostgreSQL {SINCE} on"
        raise RefusedError(f"{words}; a logical backup can be taken of any.")
    if not server.one(conn, "SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user"):
        role = conn.info.user
        raise RefusedError(
            f"The role {role} may not read the server's files and log: ALTER ROLE {role} REPLICATION, and a line for"
            f" `replication` in pg_hba.conf."
        )


@contextmanager
def log_kept(conn: Connection[TupleRow]) -> Iterator[None]:
    """The server keeps its log from now on, so that the backup's part of it is there when it is copied, at its end.

    By a slot that ends with the connection, however this process ends.
    """
    name = f"backup_{uuid4().hex}"
    server.one(conn, "SELECT lsn::text FROM pg_create_physical_replication_slot(%s, true, true)", [name])
    try:
        yield
    finally:
        if not conn.broken:
            conn.execute("SELECT pg_drop_replication_slot(%s)", [name])


def base_backup(*, major: int, label: str, changes_since: Path | None = None) -> Running:
    """The program at work; what it writes is the tar. `changes_since`: the list of the backup to build on."""
    command = [program("pg_basebackup", major=major), f"--dbname={server.conninfo()}", "--no-password"]
    # With the log that it needs, so that it can be restored even if nothing else is left.
    command += ["--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", f"--label={label}"]
    command += ["--manifest-checksums=SHA256"]
    command += [f"--incremental={changes_since}"] if changes_since else []
    return Running(command, server.password_environment(), gives_way=True)


class ListKept:
    """Passes a tar on, and keeps the list of its files, which PostgreSQL adds to it; counts what passes."""

    def __init__(self, source: Readable) -> None:
        self.source = source
        self.size = 0
        self.header = bytearray()
        self.left = 0  # bytes of the file that is passing, with what fills its last block
        self.keeps = False
        self.kept = bytearray()
        self.kept_size = 0

    def read(self, size: int = -1, /) -> bytes:
        block = self.source.read(size)
        self.size += len(block)
        self.look_at(memoryview(block))
        return block

    def look_at(self, view: memoryview) -> None:
        while view:
            if self.left:
                part, view = view[: self.left], view[self.left :]
                self.left -= len(part)
                if self.keeps:
                    self.kept += part
                continue
            wanted = BLOCK - len(self.header)
            self.header += view[:wanted]
            view = view[wanted:]
            if len(self.header) == BLOCK:
                self.enter(bytes(self.header))
                self.header.clear()

    def enter(self, header: bytes) -> None:
        if not any(header):
            return  # what ends a tar
        member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        self.left = -(-member.size // BLOCK) * BLOCK if member.isreg() else 0
        self.keeps = member.name == LIST
        if self.keeps:
            self.kept_size = member.size

    @property
    def list(self) -> bytes:
        """Once all has passed. Raises BackupError if there was none."""
        if not self.kept:
            raise BackupError("pg_basebackup gave no list of its files.")
        return bytes(self.kept[: self.kept_size])
