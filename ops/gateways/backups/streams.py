"""Bytes on their way: compressed, sealed, counted and hashed, never held.

A backup's object is zstd inside age (age-encryption.org/v1), so that the programs `age` and `zstd` open it too:
`age -d -i KEY database.dump.zst.age | zstd -d | pg_restore …`.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

import pyrage
import zstandard
from django.conf import settings

from ops.gateways.backups.errors import BackupError, UnsoundError
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.programs import give_way
from ops.gateways.backups.storages import BLOCK, Readable

# Beside the one that gives it work. With two, readers waited longer, and the server gives no faster anyway.
THREADS = 1
Tell = Callable[[int], None]


class Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...


class Counted:
    """Passes on what is read, and knows how much it was, and its SHA-256 in hexadecimal."""

    def __init__(self, source: Readable, tell: Tell | None = None) -> None:
        self.source = source
        self.tell = tell
        self.size = 0
        self.hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self.source.read(size)
        self.size += len(block)
        self.hash.update(block)
        if self.tell:
            self.tell(self.size)
        return block

    @property
    def sha256(self) -> str:
        return self.hash.hexdigest()

    def drain(self) -> None:
        while self.read(BLOCK):
            pass


class Sealed:
    """Reads as the sealed form of a source. An error while it is made is raised at the end, in place of an end.

    Whoever stores this therefore never takes half of it for the whole.
    """

    def __init__(self, source: Readable, keys: Keys, finish: Callable[[], None]) -> None:
        self.source = source
        self.keys = keys
        self.finish = finish
        self.failure: BaseException | None = None
        read_end, write_end = os.pipe()
        self.output = os.fdopen(read_end, "rb", buffering=0)
        self.input = os.fdopen(write_end, "wb", buffering=0)
        self.thread = threading.Thread(target=self.make, name="sealing", daemon=True)
        self.thread.start()

    def make(self) -> None:
        give_way()
        compressor = zstandard.ZstdCompressor(level=settings.BACKUP_COMPRESSION, threads=THREADS)
        # What reads from it, in Rust, would tell only of an I/O error.
        inlet = Inlet(self.source)
        try:
            with self.input:
                with compressor.stream_reader(inlet, read_size=BLOCK, closefd=False) as compressed:  # type: ignore[arg-type]
                    pyrage.encrypt_io(compressed, Whole(self.input), self.keys.recipients)
                # Before the pipe's end is closed, which is what says that this was all.
                self.finish()
        except BaseException as error:  # noqa: BLE001 - told where the result is read
            self.failure = inlet.failure or error

    def read(self, size: int = -1, /) -> bytes:
        block = self.output.read(size)
        if not block:
            self.thread.join()
            if self.failure:
                raise self.failure
        return block or b""

    def close(self) -> None:
        """Whatever is not read yet is given up."""
        self.output.close()
        self.thread.join()


class Whole:
    """Writes all of a block: a pipe may take less at once."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target = target

    def write(self, data: bytes, /) -> int:
        left = memoryview(data)
        while left:
            left = left[self.target.write(left) :]
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def sealed(source: Readable, keys: Keys, finish: Callable[[], None]) -> Iterator[Sealed]:
    """`finish` is called when the source is at its end, and raises if what gave it failed."""
    made = Sealed(source, keys, finish)
    try:
        yield made
    finally:
        made.close()


class Inlet:
    """Keeps the error with which a storage failed while it was read."""

    def __init__(self, source: Readable) -> None:
        self.source = source
        self.failure: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self.source.read(size)
        except BaseException as error:
            self.failure = error
            raise


class Outlet:
    """Takes what was opened, decompresses it and passes it on; keeps the error with which that failed."""

    def __init__(self, target: Writable) -> None:
        self.failure: BaseException | None = None
        self.writer = zstandard.ZstdDecompressor().stream_writer(target, closefd=False)  # type: ignore[arg-type]

    def write(self, data: bytes, /) -> int:
        if self.failure:
            # What opens it writes the same block once more while it gives up; the first error is the one that counts.
            raise self.failure
        try:
            self.writer.write(data)
        except BaseException as error:
            self.failure = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


def open_into(source: Readable, target: Writable, keys: Keys, *, what: str) -> None:
    """Unseal and decompress `source` into `target`, as it comes.

    Each 64 kB is checked before it is passed on; only the end of this function says that nothing is missing. Raises
    UnsoundError for what was not sealed with a key of ours, or is not as it was; errors of the source, and BackupErrors
    of the target, pass.
    """
    inlet, outlet = Inlet(source), Outlet(target)
    try:
        pyrage.decrypt_io(inlet, outlet, keys.identities)
    except BaseException as error:
        if inlet.failure:
            raise inlet.failure from error
        if isinstance(outlet.failure, BackupError):
            raise outlet.failure from error
        if not isinstance(error, Exception):
            raise
        if isinstance(error, pyrage.DecryptError) and "key" in str(error).lower():
            raise UnsoundError(f"{what} is sealed with another key: {error}. Look at BACKUP_KEY.") from error
        reason = outlet.failure or error
        raise UnsoundError(
            f"{what} cannot be opened, it is truncated, altered, or no backup of ours: {reason}"
        ) from error
