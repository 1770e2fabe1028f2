"""A server of its own that a test may kill, with its disk, while others are at work with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psutil
import psycopg
from django.conf import settings
from django.db import connection

from config.embedded import POSTGRES_SETTINGS, own, runs
from ops.gateways.backups import cluster, server
from ops.services.backups import restoring
from tests.config.processes import wait_until

WRITERS = 3


@dataclass
class Doomed:
    """A copy of the server that Django works with: the same databases and roles, and a log of its own from now on."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str) -> str:
        return f"postgres://{server.role()}@/{database}?host={self.folder}"

    def burn(self) -> None:
        """All of its processes are killed, and its files are gone."""
        ours = psutil.Process(self.process.pid)
        for each in [ours, *ours.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()
        shutil.rmtree(self.data)


@contextmanager
def doomed_server() -> Iterator[Doomed]:
    """Django works with it until it is doomed, and afterwards with the one that it worked with before."""
    programs = Path(settings.PG_BIN)
    folder = Path(tempfile.mkdtemp(prefix="how-to-ai-doomed-"))
    options = ["-D", str(folder / "data"), "-X", "stream", "-c", "fast", "--no-sync"]
    subprocess.run([str(programs / "pg_basebackup"), *options, "-d", server.conninfo(server.NEUTRAL)], check=True)
    own(folder, cluster.account())
    if account := cluster.account():
        for path in (folder / "data", *(folder / "data").rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
    # A commit waits for who is named in `synchronous_standby_names`, which the server of the tests has no need of.
    chosen = POSTGRES_SETTINGS | {"synchronous_commit": "on", "fsync": "off"}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *options],
            cwd="/",
            stdout=log,
            stderr=log,
            **cluster.identity(),
        )
    before = dict(connection.settings_dict["OPTIONS"])
    restoring.disconnect()
    connection.settings_dict["OPTIONS"] = before | {"host": str(folder)}
    doomed = Doomed(folder, process)
    try:
        assert wait_until(lambda: runs([str(programs / "pg_isready"), "-q", "-h", str(folder), "-d", "postgres"]))
        yield doomed
    finally:
        restoring.disconnect()
        connection.settings_dict["OPTIONS"] = before
        if process.poll() is None:
            doomed.burn()
        shutil.rmtree(folder)


@dataclass
class Writers:
    """Several who write numbers, each in a transaction, and remember those that were acknowledged, until it ends."""

    conninfo: str
    acknowledged: list[int] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Writers:
        self.threads = [threading.Thread(target=self.write, args=(each,)) for each in range(WRITERS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thread in self.threads:
            thread.join()

    def write(self, number: int) -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(self.conninfo, autocommit=True) as conn:
            while True:
                conn.execute("INSERT INTO promised VALUES (%s)", [number])
                self.acknowledged.append(number)
                number += WRITERS

    def wait_for(self, count: int) -> None:
        """Until so many more are acknowledged."""
        aim = len(self.acknowledged) + count
        assert wait_until(lambda: len(self.acknowledged) >= aim)
