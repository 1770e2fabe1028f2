"""Uploaded files as one stream, and back: a tar of regular files, each with its hash in one digest of all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ops.gateways.backups.errors import BackupError, UnsoundError
from ops.gateways.backups.storages import BLOCK

BUFFER = 64 * 1024


@dataclass
class Inventory:
    """How many files, how many bytes, and a SHA-256 over the sorted names, sizes and hashes."""

    files: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        self.lines: list[str] = []

    def add(self, name: str, size: int, sha256: str) -> None:
        self.files += 1
        self.size += size
        self.lines.append(f"{sha256} {size} {name}\n")

    def as_json(self) -> dict[str, Any]:
        return {"files": self.files, "size": self.size, "sha256": self.digest}

    @property
    def digest(self) -> str:
        return hashlib.sha256("".join(sorted(self.lines)).encode(errors="surrogateescape")).hexdigest()


class HashedFile:
    """A file that tarfile reads; it hashes what passes."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self.file.read(size)
        self.hash.update(block)
        return block


class Packing:
    """Reads as a tar of a folder, made by a thread as it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = Inventory()
        self.failure: BaseException | None = None
        read_end, write_end = os.pipe()
        self.output = os.fdopen(read_end, "rb", buffering=0)
        self.input = os.fdopen(write_end, "wb")
        self.thread = threading.Thread(target=self.pack, name="packing media", daemon=True)
        self.thread.start()

    def pack(self) -> None:
        try:
            with self.input, tarfile.open(mode="w|", fileobj=self.input, format=tarfile.PAX_FORMAT) as archive:
                for path in files_below(self.folder):
                    self.add(archive, path)
        except BaseException as error:  # noqa: BLE001 - told where the result is read
            self.failure = error

    def add(self, archive: tarfile.TarFile, path: Path) -> None:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            # Somebody has deleted it meanwhile.
            return
        with file:
            name = path.relative_to(self.folder).as_posix()
            about = archive.gettarinfo(arcname=name, fileobj=file)
            # Who owned it means nothing elsewhere; a second name of the same file is a file of its own.
            about.uid = about.gid = 0
            about.uname = about.gname = ""
            about.type, about.linkname, about.size = tarfile.REGTYPE, "", os.fstat(file.fileno()).st_size
            hashed = HashedFile(file)
            archive.addfile(about, hashed)
            self.inventory.add(name, about.size, hashed.hash.hexdigest())

    def read(self, size: int = -1, /) -> bytes:
        return self.output.read(size) or b""

    def finish(self) -> None:
        """Raises BackupError if a file could not be read."""
        self.thread.join()
        if self.failure:
            raise BackupError(f"The uploaded files could not be read: {self.failure}") from self.failure

    def close(self) -> None:
        self.output.close()
        self.thread.join()


def files_below(folder: Path) -> Iterator[Path]:
    """Regular files in the order of their names; links are not followed. Raises OSError for what may not be read."""
    for place, folders, names in os.walk(folder, onerror=let_go_of_what_is_gone):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path


def let_go_of_what_is_gone(error: OSError) -> None:
    """A folder that is not there has no files; one that cannot be looked into may have."""
    if not isinstance(error, FileNotFoundError):
        raise error


@contextmanager
def packing(folder: Path) -> Iterator[Packing]:
    made = Packing(folder)
    try:
        yield made
    finally:
        made.close()


class Unpacking:
    """Takes the bytes of a tar as they come, in a thread that reads it; writes files below `folder`, or only looks."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.inventory = Inventory()
        self.failure: BaseException | None = None
        read_end, write_end = os.pipe()
        self.input = os.fdopen(write_end, "wb", buffering=0)
        self.output = os.fdopen(read_end, "rb")
        self.thread = threading.Thread(target=self.unpack, name="unpacking media", daemon=True)
        self.thread.start()

    def unpack(self) -> None:
        try:
            with self.output, tarfile.open(mode="r|", fileobj=self.output) as archive:
                for about in archive:
                    self.take(archive, about)
                # What pads a tar at its end.
                while self.output.read(BLOCK):
                    pass
        except BaseException as error:  # noqa: BLE001 - told at the end
            self.failure = error

    def take(self, archive: tarfile.TarFile, about: tarfile.TarInfo) -> None:
        inside = PurePosixPath(about.name)
        file = archive.extractfile(about) if about.isreg() else None
        if file is None or inside.is_absolute() or ".." in inside.parts:
            raise UnsoundError(f"The uploaded files hold {about.name!r}, which is no plain file below their folder.")
        digest = hashlib.sha256()
        with self.place_for(inside) as target:
            while block := file.read(BUFFER):
                digest.update(block)
                target.write(block)
        self.inventory.add(about.name, about.size, digest.hexdigest())

    def place_for(self, inside: PurePosixPath) -> IO[bytes]:
        if self.folder is None:
            return Path(os.devnull).open("wb")
        path = self.folder / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")

    def write(self, data: bytes, /) -> int:
        left = memoryview(data)
        try:
            while left:
                left = left[self.input.write(left) :]
        except BrokenPipeError:
            self.finish()
        return len(data)

    def finish(self) -> None:
        """Raises BackupError if the files could not be written, or are not such as we would have packed."""
        self.input.close()
        self.thread.join()
        if isinstance(self.failure, BackupError):
            raise self.failure
        if isinstance(self.failure, tarfile.TarError):
            raise UnsoundError(f"The uploaded files are no whole archive: {self.failure}") from self.failure
        if self.failure:
            raise BackupError(f"The uploaded files could not be written: {self.failure}") from self.failure

    def close(self) -> None:
        self.input.close()
        self.thread.join()


@contextmanager
def unpacking(folder: Path | None) -> Iterator[Unpacking]:
    made = Unpacking(folder)
    try:
        yield made
    finally:
        made.close()


def put_in_place(new: Path, *, place: Path, kept_as: Path) -> Callable[[], None]:
    """Rename a folder of files to where they are served from; returns what takes it back.

    Raises OSError, and then all is as it was.
    """
    had = place.exists()
    if had:
        place.rename(kept_as)
    try:
        new.rename(place)
    except OSError:
        if had:
            kept_as.rename(place)
        raise

    def back() -> None:
        place.rename(new)
        if had:
            kept_as.rename(place)

    return back


def add_missing(source: Path, target: Path) -> None:
    """What the first has and the second has not; without a copy, where both are on one disk."""
    for path in files_below(source):
        wanted = target / path.relative_to(source)
        if wanted.exists():
            continue
        wanted.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, wanted)
        except OSError:
            shutil.copy2(path, wanted)


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
