"""PostgreSQL's own programs, always of the server's major version, and the pipes to and from them."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings

from ops.gateways.backups.errors import BackupError, RefusedError
from ops.gateways.backups.storages import BLOCK

# How much later than others those come to a processor who take a backup: people are waiting for the others.
NICENESS = 10
LONGEST_WORDS = 1_000  # characters of what a program says when it fails
# Loaded before any fork: a child may not import or allocate much between fork and exec.
LIBC = ctypes.CDLL(None)


def program(name: str, *, major: int) -> str:
    """The path of one that fits a server of this major version. Raises RefusedError if there is none.

    Another major version either refuses half-way, or writes what the server's own cannot read.
    """
    path = Path(settings.PG_BIN) / name
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise RefusedError(
            f"{path} cannot be run ({error}); PG_BIN names the folder of PostgreSQL's programs."
        ) from error
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    if not found or int(found[1]) != major:
        raise RefusedError(
            f"{path} is of another major version than the server ({said.strip()}; the server is {major}): install"
            f" the client programs of PostgreSQL {major} and name their folder in PG_BIN."
        )
    return str(path)


def die_with(parent: int, number: signal.Signals) -> None:
    """Have the kernel signal this process when its parent dies (Linux only). For between fork and exec."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        LIBC.prctl(set_parent_death_signal, int(number))
        if os.getppid() != parent:
            os.kill(os.getpid(), number)


def give_way(who: int = 0) -> None:
    """Let others have the processors first: this thread and those that it begins, or the process of this number.

    Linux only: elsewhere it would be all of our process, and for ever.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, who, max(os.getpriority(os.PRIO_PROCESS, who), NICENESS))


class Running:
    """A program at work; its complaints are kept aside, so that they can never fill a pipe that nobody reads."""

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        *,
        name: str = "",
        feeds: bool = False,
        gives_way: bool = False,
        dies_with_us: bool = False,
    ) -> None:
        """`name`: what to call it where it fails. `feeds`: we write to it; otherwise we read from it.

        `gives_way`: others come first. `dies_with_us`: at once, with our thread.
        """
        me = os.getpid()
        self.name = name or Path(command[0]).name
        self.words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the program
        self.process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feeds else subprocess.PIPE,
            stderr=self.words,
            pipesize=BLOCK,
            bufsize=0,
            preexec_fn=(lambda: die_with(me, signal.SIGKILL)) if dies_with_us else None,  # noqa: PLW1509 - one call of libc, no lock of ours
        )
        if gives_way:
            give_way(self.process.pid)

    def read(self, size: int = -1, /) -> bytes:
        return pipe(self.process.stdout).read(size)

    def write(self, data: bytes, /) -> int:
        """Raises BackupError, with the program's own words, if it takes no more because it failed."""
        if pipe(self.process.stdin).closed:
            # It has ended well without reading on.
            return len(data)
        left = memoryview(data)
        try:
            while left:
                left = left[pipe(self.process.stdin).write(left) :]
        except BrokenPipeError:
            # It may have read all that it wants: then the rest is for nobody.
            self.finish()
        return len(data)

    def finish(self) -> None:
        """Wait for its end. Raises BackupError if it failed."""
        with suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.close()
        if code := self.process.wait():
            raise BackupError(f"{self.name} failed (exit {code}): {self.said()}")

    def said(self) -> str:
        self.words.seek(0)
        return self.words.read().decode(errors="replace").strip()[-LONGEST_WORDS:]

    def close(self) -> None:
        """End it, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for each in (self.process.stdin, self.process.stdout):
            if each:
                with suppress(BrokenPipeError):
                    each.close()
        self.words.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise ValueError("This program has no such pipe.")
    return end
