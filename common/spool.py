"""Lines on their way to the database, in a file that only one process at a time has."""

from __future__ import annotations

import fcntl
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

SUFFIX = ".spool"
CHUNK = 1024 * 1024  # bytes that are read at once; a line must be shorter
# A file that has been shipped this far is begun anew.
LONG_ENOUGH = 4 * 1024 * 1024  # bytes


class Taken(Exception):
    """Another process has it."""


class Spool:
    """Appended to by all threads of a process, and read by one."""

    def __init__(self, path: Path) -> None:
        """Raises Taken; OSError, as of a folder that cannot be written to."""
        self.path = path
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.file)
            raise Taken(path) from None
        if not is_at(path, self.file):
            # Between its opening and its lock another found it empty, and removed it.
            os.close(self.file)
            raise Taken(path)
        self.lock = threading.Lock()
        self.written = os.fstat(self.file).st_size
        self.shipped = 0

    @classmethod
    def in_folder(cls, folder: Path) -> Spool:
        """A new one. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            try:
                return cls(folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}{SUFFIX}")
            except Taken:
                # By one who takes it for left behind, in the moment between its making and its lock.
                continue

    @property
    def waiting(self) -> int:
        """Bytes."""
        return self.written - self.shipped

    def append(self, line: bytes) -> None:
        """Raises OSError, as on a full disk; what was written of the line by then is taken back."""
        with self.lock:
            try:
                written = os.write(self.file, line)
            except OSError:
                os.ftruncate(self.file, self.written)
                raise
            if written < len(line):
                os.ftruncate(self.file, self.written)
                raise OSError(28, "no space left for a whole line")
            self.written += written

    def keep_through_power_cut(self) -> None:
        """What was appended so far, with the name of the file. Raises OSError."""
        os.fsync(self.file)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self) -> list[bytes]:
        """The next lines that are not shipped, without their ends."""
        content = os.pread(self.file, CHUNK, self.shipped)
        return content[: content.rfind(b"\n") + 1].splitlines()

    def ship(self, lines: list[bytes]) -> None:
        """These, which were read, are safe elsewhere."""
        self.shipped += sum(len(line) + 1 for line in lines)
        if self.shipped >= LONG_ENOUGH and self.shipped == self.written:
            with self.lock:
                # Unless something was appended just now.
                if self.shipped == self.written:
                    os.ftruncate(self.file, 0)
                    self.written = self.shipped = 0

    def close(self) -> None:
        """What is not shipped stays for others."""
        with self.lock:
            # The end of a line that its process did not live to write is nobody's.
            if not self.read():
                self.path.unlink(missing_ok=True)
            os.close(self.file)


class OwnSpool:
    """That of this process, made with its first line; where that cannot be, with one that comes later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool: Spool | None = None

    @property
    def waiting(self) -> int:
        """Bytes."""
        return self.spool.waiting if self.spool else 0

    def append(self, line: bytes) -> None:
        """By one thread at a time. Raises OSError, as where the folder cannot be written to."""
        if self.spool is None:
            self.spool = Spool.in_folder(self.folder)
        self.spool.append(line)

    def keep_through_power_cut(self) -> None:
        """Raises OSError."""
        if self.spool is not None:
            self.spool.keep_through_power_cut()

    def close(self) -> None:
        if self.spool is not None:
            self.spool.close()
            self.spool = None


def left_behind(folder: Path, unreadable: Callable[[Path, OSError], None]) -> Iterator[Spool]:
    """Those of processes that are no more, oldest first. Whoever takes them closes them.

    `unreadable` is told of what cannot be opened, such as that of another user.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=changed_at):
        try:
            spool = Spool(path)
        except (Taken, FileNotFoundError):
            continue
        except OSError as error:
            unreadable(path, error)
            continue
        yield spool


def is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        # Another has taken and shipped it.
        return 0
