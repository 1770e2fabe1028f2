"""Where backups lie: a folder, or a bucket (`s3`). What is written there is written once, and as it flows in.

Both are Django storages with the same promises, which Django's and django-storages' own do not make: nothing is ever
overwritten, a name appears when all of it is there, and neither writing nor reading holds more than a few parts.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from ops.gateways.backups.errors import StorageError

BLOCK = 1024 * 1024  # bytes


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def backup_storage() -> Storage:
    return storages["backups"]


@contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Whatever the folder says becomes a StorageError that names the object; the bucket does so by itself."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{name} in the storage of backups: {error.strerror or error}.") from error


class Flow(File):
    """What Django's storages take, of something that can only be read once, and whose size nobody knows yet."""

    def __init__(self, source: Readable, name: str) -> None:
        super().__init__(None, name)
        self.source = source

    def read(self, size: int = -1, /) -> bytes:
        return self.source.read(size)

    @property
    def closed(self) -> bool:
        return False


def save_stream(storage: Storage, name: str, source: Readable) -> None:
    """Under a new name, all of it or nothing. Raises StorageError."""
    with told_plainly(name):
        storage.save(name, Flow(source, name))


class OnceOnly(Storage):
    """A name that is taken is refused, and not changed into another."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        if self.exists(name):
            raise FileExistsError(0, "it is there already, and nothing is overwritten")
        return name


class LocalBackups(OnceOnly, FileSystemStorage):
    """A folder that only its owner may enter."""

    def _save(self, name: str, content: File) -> str:
        final, draft = Path(self.path(name)), self.draft_of(name)
        Path(self.location).mkdir(mode=0o700, parents=True, exist_ok=True)
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
                while block := content.read(BLOCK):
                    write_all(file.fileno(), block)
                os.fsync(file.fileno())
            name_finally(draft, final)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(final.parent)
        return name

    def draft_of(self, name: str) -> Path:
        path = Path(self.path(name))
        return path.with_name(f".{path.name}.partial")

    def delete(self, name: str) -> None:
        """Also what somebody who was killed has written of it. The folder of a backup goes with its last object."""
        super().delete(name)
        self.draft_of(name).unlink(missing_ok=True)
        with suppress(OSError):
            Path(self.path(name)).parent.rmdir()


def name_finally(draft: Path, final: Path) -> None:
    """Give a file its name, unless another has it, which raises FileExistsError."""
    try:
        # A link, since a rename would replace what is there.
        os.link(draft, final)
    except OSError as error:
        # FAT, exFAT and many network shares know no links; two who write the same name at once are no case of ours.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise
        if final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        draft.rename(final)


def write_all(descriptor: int, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
