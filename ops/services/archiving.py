"""Days of the log that are over, out of the database and into files that are read back before anything is dropped.

A day is archived as `2026/10/systemlog-2026-10-30.1.jsonl.gz`, and then named by a manifest, `….1.json`. Without its
manifest a file counts for nothing. Whatever is cut off at any moment, the next run does again; what comes in late, for
a day that is archived already, becomes another part.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.utils import timezone

from common.database import only_one
from ops.gateways.backups.storages import sync_folder as sync
from ops.logs.store import DAYS
from ops.models import SystemLog

logger = logging.getLogger(__name__)

KEPT_DAYS = 30
CHUNK = 1024 * 1024  # bytes
FORMAT = 1
LOCK = "archive_logs"


class ArchiveError(Exception):
    """What was written is not what was read back, or not all of the day; the day stays in the database."""


class Busy(Exception):
    """Another run is at it."""


@dataclass(frozen=True)
class Manifest:
    """What a file of the archive holds."""

    format: int
    day: str
    file: str
    rows: int
    sha256: str
    size: int  # bytes
    first: str
    last: str


def storage() -> Storage:
    return storages["log_archive"]


def archive_logs(*, keep_days: int = KEPT_DAYS) -> Iterator[Manifest]:
    """Archive each day that is over for longer than that, oldest first, and drop it. Raises Busy, ArchiveError."""
    last = timezone.now().date() - timedelta(days=keep_days)
    with connection.cursor() as cursor, only_one(cursor, LOCK) as is_ours:
        if not is_ours:
            raise Busy("Another archive_logs is running; wait for its end.")
        for day in list(DAYS.days(cursor)):
            if day < last and (manifest := archive_day(day)):
                yield manifest


def archive_day(day: date) -> Manifest | None:
    """What holds the day now; None if nothing was in it. Raises ArchiveError."""
    rows = count(day)
    manifest = None
    if rows:
        parts = list(manifests(day))
        # One that was written, and its day not yet dropped, when an earlier run was cut off.
        manifest = next((part for part in parts if part.rows == rows and holds_newest(part, day)), None)
        manifest = manifest or write(day, part=len(parts) + 1)
        require_readable(manifest)
        keep_through_power_cut(manifest)
    drop(day, rows)
    return manifest


def count(day: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{DAYS.name_of(day)}"')  # noqa: S608 - of a table and a day
        found: int = cursor.fetchone()[0]
    return found


def holds_newest(part: Manifest, day: date) -> bool:
    ids = SystemLog.objects.filter(created_at__date=day).order_by("-created_at", "-id")
    return part.last == str(ids.values_list("pk", flat=True)[0])


def write(day: date, *, part: int) -> Manifest:
    """The file first, its manifest last."""
    name = f"{day:%Y/%m}/systemlog-{day}.{part}.jsonl.gz"
    # Of a run that was cut off before its manifest.
    storage().delete(name)
    with tempfile.TemporaryFile() as file:
        rows, first, last = dump(day, file)
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        if storage().save(name, File(file)) != name:
            raise ArchiveError(f"{name} is there already and cannot be replaced.")
    manifest = Manifest(FORMAT, str(day), name, rows, digest, size, first, last)
    text = json.dumps(asdict(manifest), indent=2)
    manifest_name = manifest_of(name)
    if storage().save(manifest_name, ContentFile(text.encode())) != manifest_name:
        raise ArchiveError(f"{manifest_name} is there already and cannot be replaced.")
    return manifest


def dump(day: date, file: IO[bytes]) -> tuple[int, str, str]:
    """How many rows, and the ids of the first and the last."""
    partition = DAYS.name_of(day)
    query = f'SELECT id::text, to_jsonb(row)::text FROM "{partition}" AS row ORDER BY created_at, id'  # noqa: S608
    rows, first, last = 0, "", ""
    with gzip.open(file, "wb", compresslevel=6) as packed, connection.cursor() as cursor:
        for key, line in copied(cursor, f"COPY ({query}) TO STDOUT"):
            packed.write(line.encode() + b"\n")
            rows, first, last = rows + 1, first or key, key
    return rows, first, last


def copied(cursor: Any, query: str) -> Iterator[tuple[str, str]]:
    with cursor.copy(query) as copy:
        copy.set_types(["text", "text"])
        yield from copy.rows()


def require_readable(manifest: Manifest) -> None:
    """Read it back from where it lies. Raises ArchiveError."""
    digest, size = hashlib.sha256(), 0
    with storage().open(manifest.file) as file:
        for chunk in file.chunks(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if (digest.hexdigest(), size) != (manifest.sha256, manifest.size):
        raise ArchiveError(f"{manifest.file} is not what was written: its SHA-256 or its size differs.")
    rows = sum(1 for _ in lines_of(manifest))
    if rows != manifest.rows:
        raise ArchiveError(f"{manifest.file} holds {rows} records instead of {manifest.rows}.")


def keep_through_power_cut(manifest: Manifest) -> None:
    """As the drop is kept; with the names of new folders. A bucket has done so when it says that it has an object."""
    for name in (manifest.file, manifest_of(manifest.file)):
        try:
            path, top = Path(storage().path(name)), Path(storage().path("")).parent
        except NotImplementedError:
            return
        for each in (path, *path.parents):
            sync(each)
            if each == top:
                break


def manifest_of(file: str) -> str:
    return file.replace(".jsonl.gz", ".json")


def drop(day: date, rows: int) -> None:
    """Raises ArchiveError if something came in since it was counted; the next run takes it, too."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{DAYS.name_of(day)}" IN ACCESS EXCLUSIVE MODE')
        if count(day) != rows:
            raise ArchiveError(f"Records of {day} came in while it was archived; it stays until the next run.")
        DAYS.drop(cursor, day)


def manifests(day: date) -> Iterator[Manifest]:
    """Of all parts of a day, in order."""
    folder = f"{day:%Y/%m}"
    try:
        _, names = storage().listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"systemlog-{day}."
    found = [name for name in names if name.startswith(prefix) and name.endswith(".json")]
    for name in sorted(found, key=lambda name: int(name.removeprefix(prefix).removesuffix(".json"))):
        with storage().open(str(PurePosixPath(folder) / name)) as file:
            yield Manifest(**json.loads(file.read()))


def lines_of(manifest: Manifest) -> Iterator[bytes]:
    with storage().open(manifest.file) as file, gzip.open(file) as unpacked:
        yield from unpacked
