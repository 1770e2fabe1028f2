"""Where backups lie: a folder, or a bucket. What is written there is written once, and as it flows in.

Both are Django storages with the same promises, which Django's and django-storages' own do not make: nothing is ever
overwritten, a name appears when all of it is there, and neither writing nor reading holds more than a few parts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from storages.backends.s3 import S3Storage

from ops.gateways.backups.errors import StorageError

BLOCK = 1024 * 1024  # bytes
# S3 takes up to 10,000 parts: these carry an object of 400 GB.
PART = 16 * BLOCK
LATER_PART = 64 * BLOCK
PARTS_BEFORE = 5_000
# Seconds, of a silence. Checksums of boto's own are left out where they need not be: not every service knows them, and
# we read back what we wrote.
PATIENCE = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 4},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
S3_ERRORS = (Boto3Error, BotoCoreError, ClientError)


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def backup_storage() -> Storage:
    return storages["backups"]


@contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Whatever the folder or the bucket says becomes a StorageError that names the object."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{name} in the storage of backups: {error.strerror or error}.") from error
    except S3_ERRORS as error:
        raise StorageError(f"{name} in the storage of backups: {error}") from error


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
            # A link, since a rename would replace what is there.
            os.link(draft, final)
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


class S3Backups(OnceOnly, S3Storage):
    """A bucket of any service that speaks S3."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_config: Config = self.client_config.merge(PATIENCE)

    def _save(self, name: str, content: File) -> str:
        Upload(self.bucket.meta.client, self.bucket.name, self._normalize_name(name)).send(content)
        return name

    def delete(self, name: str) -> None:
        """Also the parts of it that somebody who was killed has sent."""
        super().delete(name)
        client, place = self.bucket.meta.client, {"Bucket": self.bucket.name}
        key = self._normalize_name(name)
        # Not every key may do that; the bucket's lifecycle rule does it too, later.
        with suppress(*S3_ERRORS):
            for each in client.list_multipart_uploads(**place, Prefix=key).get("Uploads", []):
                client.abort_multipart_upload(**place, Key=each["Key"], UploadId=each["UploadId"])

    def _open(self, name: str, mode: str = "rb") -> File:
        found = self.bucket.Object(self._normalize_name(name)).get()
        return File(found["Body"], name)


class Upload:
    """One object in parts, of which one is under way while the next is read."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self.client = client
        self.place = {"Bucket": bucket, "Key": key}

    def send(self, content: Readable) -> None:
        """The object is there at the end, or not at all; refused by the service if the name is taken."""
        first = read_full(content, PART)
        if len(first) < PART:
            self.client.put_object(**self.place, Body=first, IfNoneMatch="*")
            return
        upload = self.client.create_multipart_upload(**self.place)["UploadId"]
        try:
            parts = self.send_parts(upload, first, content)
            self.client.complete_multipart_upload(
                **self.place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        except BaseException:
            # A service that is gone keeps the parts; let the bucket's lifecycle rule end such uploads.
            with suppress(*S3_ERRORS):
                self.client.abort_multipart_upload(**self.place, UploadId=upload)
            raise

    def send_parts(self, upload: str, first: bytes, content: Readable) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        with ThreadPoolExecutor(1) as pool:
            under_way: Future[dict[str, Any]] | None = None
            part, number = first, 1
            while part:
                if under_way:
                    parts.append(under_way.result())
                under_way = pool.submit(self.send_part, upload, number, part)
                part = read_full(content, PART if number < PARTS_BEFORE else LATER_PART)
                number += 1
            if under_way:
                parts.append(under_way.result())
        return parts

    def send_part(self, upload: str, number: int, part: bytes) -> dict[str, Any]:
        sent = self.client.upload_part(**self.place, UploadId=upload, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": sent["ETag"]}


def read_full(content: Readable, size: int) -> bytes:
    """As many bytes as asked for, or fewer at the end: a pipe gives what it has."""
    blocks, left = [], size
    while left and (block := content.read(min(left, BLOCK))):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)
