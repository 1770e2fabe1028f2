"""Backups in a bucket: written in parts as they flow, never over another, and gone half-way is gone."""

from __future__ import annotations

import io
import resource
from pathlib import Path

import pytest
from django.core.files import File

from ops.gateways.backups import s3 as s3_storage
from ops.gateways.backups.errors import NotThereError, StorageError
from ops.gateways.backups.storages import BLOCK, backup_storage, told_plainly
from ops.models import BackupLog, BackupState, Verdict
from ops.services.backups import manifests
from ops.services.backups.backing_up import back_up
from ops.services.backups.listing import list_backups
from ops.services.backups.pruning import prune
from ops.services.backups.verifying import verify
from tests.factories import make_user
from tests.ops.backups.s3 import BUCKET, S3

pytestmark = pytest.mark.django_db(transaction=True)


class Pipe(File):
    """So many bytes that nobody has at once; with a deed before some of them."""

    def __init__(self, size: int, *, at: int = -1, deed: object = None) -> None:
        super().__init__(None, "x")
        self.left, self.at, self.deed = size, at, deed

    def read(self, size: int = -1, /) -> bytes:
        if callable(self.deed) and self.left <= self.at:
            deed, self.deed = self.deed, None
            deed()
        # As a pipe does, which gives what it has.
        block = bytes(min(size, self.left, 65_536))
        self.left -= len(block)
        return block


def test_a_backup_in_a_bucket_is_proven_by_restoring_it_from_there(
    backups_folder: Path,
    media: Path,
    s3: S3,
) -> None:
    make_user(email="somebody@howtoai.example")
    log = back_up()
    assert s3.keys() == [f"site/{log.name}/{name}" for name in (manifests.DATABASE, manifests.FILE, manifests.MEDIA)]
    assert verify(log.name).verdict == Verdict.PASSED
    assert [each["name"] for each in list_backups()] == [log.name]
    assert prune().kept == [log.name]


def test_nothing_in_a_bucket_is_overwritten(backups_folder: Path, s3: S3) -> None:
    """Also not by somebody who comes between our look and our write."""
    storage = backup_storage()
    storage.save("a/object", File(io.BytesIO(b"first"), "a/object"))
    with pytest.raises(StorageError, match="nothing is overwritten"), told_plainly("a/object"):
        storage.save("a/object", File(io.BytesIO(b"second"), "a/object"))
    for size in (10, s3_storage.PART + 10):
        with pytest.raises(StorageError, match="PreconditionFailed"), told_plainly("a/object"):
            storage._save("a/object", Pipe(size))  # type: ignore[attr-defined]
    assert s3.client.get_object(Bucket=BUCKET, Key="site/a/object")["Body"].read() == b"first"
    assert s3.unfinished() == []


def test_a_large_object_goes_in_parts_and_takes_little_memory(backups_folder: Path, s3: S3) -> None:
    storage = backup_storage()
    storage.save("warm/up", Pipe(s3_storage.PART * 2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = s3_storage.PART * 12 + 5
    storage.save("big/object", Pipe(size))
    assert storage.size("big/object") == size
    with storage.open("big/object") as file:
        while file.read(BLOCK):
            pass
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 100_000_000


def test_what_fails_on_its_way_leaves_no_object_and_no_upload(backups_folder: Path, s3: S3) -> None:
    def break_off() -> None:
        raise StorageError("the dump failed")

    with pytest.raises(StorageError, match="the dump failed"):
        backup_storage().save("big/object", Pipe(s3_storage.PART * 3, at=s3_storage.PART, deed=break_off))
    assert s3.keys() == []
    assert s3.unfinished() == []


def test_what_somebody_who_was_killed_has_sent_is_removed_with_the_object(backups_folder: Path, s3: S3) -> None:
    s3.client.create_multipart_upload(Bucket=BUCKET, Key="site/logical-dead/database.dump.zst.age")
    manifests.remove(backup_storage(), "logical-dead")
    assert s3.unfinished() == []


def test_a_storage_that_goes_away_half_way_is_named_and_no_backup_is_there(
    backups_folder: Path,
    s3: S3,
    media: Path,
) -> None:
    def watcher(step: str, size: int) -> None:
        if step == "pack the uploaded files":
            s3.stop()

    with pytest.raises(StorageError, match=f"{manifests.MEDIA} in the storage of backups"):
        back_up(watcher=watcher)
    log = BackupLog.objects.get()
    assert log.state == BackupState.FAILED
    assert manifests.MEDIA in log.error


def test_a_bucket_that_is_not_there_is_named(backups_folder: Path, s3: S3) -> None:
    s3.client.delete_bucket(Bucket=BUCKET)
    with pytest.raises(StorageError, match="NoSuchBucket"):
        back_up()
    with pytest.raises((StorageError, NotThereError)):
        verify()
