"""django-dbbackup's connector for PostgreSQL, changed in what its own cannot do: to flow.

Its own (and its commands) run pg_dump to the end into a spooled file, compress and encrypt that into two more, and
hold the whole in memory while they send it to S3 (docs/decisions/0016-backups.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from dbbackup.db.base import get_connector
from dbbackup.db.postgresql import PgDumpBinaryConnector
from django.db import DEFAULT_DB_ALIAS

from ops.gateways.backups.programs import Running, program
from ops.gateways.backups.server import conninfo, password_environment

# Milliseconds that a dump waits for a table that a migration holds.
LOCK_WAIT = 5 * 60 * 1000
# What a superuser has put beside our data, and only a superuser could restore; nothing of ours depends on it.
OF_A_SUPERUSER = ("pg_stat_statements",)
# The first whose pg_dump can leave an extension out.
EXCLUDES_SINCE = 17


class StreamingConnector(PgDumpBinaryConnector):
    """`create_dump` and `restore_dump` return the running program: whoever called reads from it, or writes to it."""

    extension = "dump"
    # Of the server; which program fits follows from it.
    major = 0
    # How to connect to the server that is dumped, if it is not Django's.
    source = ""
    # Names one that a transaction has exported, of which the dump is to be.
    snapshot = ""
    # Where a restore goes: never by itself into the database that is served.
    target = ""
    tables: Sequence[str] = ()
    data_only = False
    section = ""

    def _create_dump(self) -> Running:
        source = self.source or conninfo()
        command = [program("pg_dump", major=self.major), f"--dbname={source}", "--no-password", "--format=custom"]
        # Uncompressed: what it is piped into compresses five times as fast, and better.
        command += ["--compress=0", f"--lock-wait-timeout={LOCK_WAIT}"]
        command += [f"--snapshot={self.snapshot}"] if self.snapshot else []
        if self.major >= EXCLUDES_SINCE:
            command += [f"--exclude-extension={extension}" for extension in OF_A_SUPERUSER]
        command += [f"--exclude-table-data={table}" for table in self.exclude]
        return Running(command, password_environment(), gives_way=True)

    def _restore_dump(self, dump: None = None) -> Running:
        if not self.target:
            raise ValueError("A restore needs the name of the database that it goes into.")
        command = [program("pg_restore", major=self.major), f"--dbname={conninfo(self.target)}", "--no-password"]
        command += ["--format=custom", "--exit-on-error", "--no-owner", "--no-privileges", "--single-transaction"]
        command += [f"--section={self.section}"] if self.section else []
        command += [f"--table={table}" for table in self.tables]
        command += ["--data-only"] if self.data_only else []
        return Running(command, password_environment(), feeds=True)


def connector(*, major: int) -> StreamingConnector:
    """The one that DBBACKUP_CONNECTORS names, for a server of this major version."""
    made: StreamingConnector = get_connector(DEFAULT_DB_ALIAS)
    made.major = major
    return made
