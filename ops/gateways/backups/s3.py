"""A bucket of any service that speaks S3. A module of its own, since boto3 takes memory and a second to load."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

from ops.gateways.backups.errors import StorageError
from ops.gateways.backups.storages import BLOCK, OnceOnly, Readable

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


@contextmanager
def in_our_words(name: str) -> Iterator[None]:
    """Whatever the service says becomes a StorageError that names the object."""
    try:
        yield
    except S3_ERRORS as error:
        raise StorageError(f"{name or 'The list'} in the storage of backups: {error}") from error


class S3Backups(OnceOnly, S3Storage):
    """A bucket of any service that speaks S3."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_config: Config = self.client_config.merge(PATIENCE)

    def _save(self, name: str, content: File) -> str:
        with in_our_words(name):
            Upload(self.bucket.meta.client, self.bucket.name, self._normalize_name(name)).send(content)
        return name

    def exists(self, name: str) -> bool:
        with in_our_words(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with in_our_words(name):
            return int(super().size(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with in_our_words(path):
            folders, files = super().listdir(path)
            return folders, files

    def delete(self, name: str) -> None:
        """Also the parts of it that somebody who was killed has sent."""
        with in_our_words(name):
            super().delete(name)
        client, place = self.bucket.meta.client, {"Bucket": self.bucket.name}
        key = self._normalize_name(name)
        # Not every key may do that; the bucket's lifecycle rule does it too, later.
        with suppress(*S3_ERRORS):
            for each in client.list_multipart_uploads(**place, Prefix=key).get("Uploads", []):
                client.abort_multipart_upload(**place, Key=each["Key"], UploadId=each["UploadId"])

    def _open(self, name: str, mode: str = "rb") -> File:
        with in_our_words(name):
            found = self.bucket.Object(self._normalize_name(name)).get()
        return Body(found["Body"], name)


class Body(File):
    """What a service sends, as it is read."""

    def __init__(self, sent: Any, name: str) -> None:
        super().__init__(sent, name)
        self.sent = sent

    def read(self, size: int = -1, /) -> bytes:
        with in_our_words(str(self.name)):
            return bytes(self.sent.read(size if size >= 0 else None))


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
