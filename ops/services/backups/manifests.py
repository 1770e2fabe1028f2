"""The manifest: what a backup consists of, written last and signed. Without one there is no backup."""

from __future__ import annotations

import io
import json
import logging
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage

from ops.gateways.backups.errors import NotThereError, StorageError, UnsoundError
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.looking import Contents
from ops.gateways.backups.storages import BLOCK, LocalBackups, told_plainly
from ops.models import BackupKind

logger = logging.getLogger(__name__)

FORMAT = 1
FILE = "manifest.json"
LATEST, OLDEST = "latest", "oldest"
DATABASE, MEDIA = "database.dump.zst.age", "media.tar.zst.age"
# Of a physical backup: all files of the server, and PostgreSQL's own list of them, which the next builds on.
CLUSTER, CLUSTER_LIST = "cluster.tar.zst.age", "backup_manifest.zst.age"
# A manifest has some hundred bytes for each table.
LARGEST = 16 * BLOCK


@dataclass(frozen=True)
class StoredObject:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Cluster:
    """What a physical backup is of. Positions in the write-ahead log are as PostgreSQL writes them, `0/3000028`.

    `full`: the name of the backup that this one has only the changes since; empty if it has everything. `size`: bytes
    of the files, unpacked. `consistent_from`: from this moment on there is a state to recover to.
    """

    system_identifier: str
    timeline: int
    start: str
    stop: str
    segment_size: int
    size: int
    consistent_from: str
    full: str
    contents_after: dict[str, Any]

    @property
    def consistent(self) -> datetime:
        return datetime.fromisoformat(self.consistent_from)

    @property
    def found_after(self) -> Contents:
        return Contents(**self.contents_after)


@dataclass(frozen=True)
class Manifest:
    """`contents`, `locale` and `media` are what the modules of these names in gateways tell.

    `cluster` is empty but for a physical backup. Its `contents` were there before it was begun, since it is of no one
    moment.
    """

    format: int
    name: str
    kind: str
    begun_at: str
    recovery_point: str
    database: str
    database_size: int
    postgres_version: str
    postgres_major: int
    app_version: str
    locale: dict[str, str]
    contents: dict[str, Any]
    media: dict[str, Any]
    objects: list[dict[str, Any]]
    cluster: dict[str, Any] = field(default_factory=dict)

    @property
    def is_physical(self) -> bool:
        return bool(self.cluster)

    @property
    def of_cluster(self) -> Cluster:
        """Of a physical backup."""
        return Cluster(**self.cluster)

    @property
    def stored(self) -> dict[str, StoredObject]:
        return {each["name"]: StoredObject(**each) for each in self.objects}

    @property
    def size(self) -> int:
        return sum(each["size"] for each in self.objects)

    @property
    def as_found(self) -> Contents:
        return Contents(**self.contents)

    @property
    def point(self) -> datetime:
        return datetime.fromisoformat(self.recovery_point)

    def path_of(self, object_name: str) -> str:
        return f"{self.name}/{object_name}"


def sealed_text(manifest: Manifest, keys: Keys) -> bytes:
    """What is written: readable JSON, and our signature of it."""
    body = {each.name: getattr(manifest, each.name) for each in fields(manifest)}
    if not manifest.is_physical:
        del body["cluster"]
    return (json.dumps(body | {"signature": keys.sign(canonical(body))}, indent=1) + "\n").encode()


def canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def opened(text: bytes, keys: Keys, *, where: str) -> Manifest:
    """Raises UnsoundError unless it is one of ours, as we wrote it, and of a format that we know."""
    try:
        body = json.loads(text)
        signed = str(body.pop("signature"))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UnsoundError(f"{where} is no manifest of a backup, or is cut short.") from error
    if isinstance(body.get("format"), int) and body["format"] > FORMAT:
        raise UnsoundError(f"{where} has format {body['format']}: a newer version of the platform wrote it. Use that.")
    keys.check(canonical(body), signed)
    return Manifest(**body)


def write(storage: Storage, manifest: Manifest, keys: Keys) -> bytes:
    """From here on there is such a backup. Returns what was written."""
    text, path = sealed_text(manifest, keys), manifest.path_of(FILE)
    with told_plainly(path):
        storage.save(path, File(io.BytesIO(text), path))
        if read_text(storage, path) != text:
            raise StorageError(f"{path} reads back differently from what was written.")
    return text


def read(storage: Storage, name: str, keys: Keys) -> Manifest:
    """Raises NotThereError if there is no backup of this name, UnsoundError if its manifest is not to be trusted."""
    path = f"{name}/{FILE}"
    if "/" in name or name.startswith("."):
        raise NotThereError(f"{name} is no name of a backup.")
    with told_plainly(path):
        if not storage.exists(path):
            raise NotThereError(f"There is no backup {name} in the storage; `manage.py backup --list` tells which are.")
        text = read_text(storage, path)
    manifest = opened(text, keys, where=path)
    if manifest.name != name:
        raise UnsoundError(f"{path} is the manifest of {manifest.name}.")
    return manifest


def read_text(storage: Storage, path: str) -> bytes:
    with storage.open(path) as file:
        return bytes(file.read(LARGEST))


def names(storage: Storage) -> list[str]:
    """Of all backups that are there, the oldest first: behind its kind, a name has its time."""
    return sorted((name for name in folders(storage) if has_manifest(storage, name)), key=moment_in)


def moment_in(name: str) -> str:
    return name.partition("-")[2]


def folders(storage: Storage) -> list[str]:
    """Also those of backups that never came to their end."""
    with told_plainly("The list"):
        try:
            found, _ = storage.listdir("")
        except FileNotFoundError:
            return []
    return sorted(found)


def has_manifest(storage: Storage, name: str) -> bool:
    with told_plainly(name):
        return storage.exists(f"{name}/{FILE}")


def find(storage: Storage, wanted: str, keys: Keys) -> tuple[Storage, Manifest]:
    """A backup by its name, `latest`, or the path of a manifest with its objects beside it.

    Returns also the storage in which its objects lie. Raises NotThereError, UnsoundError.
    """
    path = Path(wanted)
    if path.name == FILE and path.is_file():
        manifest = opened(path.read_bytes()[:LARGEST], keys, where=str(path))
        if path.absolute().parent.name != manifest.name:
            raise UnsoundError(f"{path} must lie in a folder named {manifest.name}, with its objects beside it.")
        return LocalBackups(location=path.absolute().parent.parent), manifest
    if path.is_file():
        raise UnsoundError(f"{path} is no {FILE}: name that file, with the objects of the backup beside it.")
    name = find_name(storage, wanted)
    try:
        return storage, read(storage, name, keys)
    except UnsoundError as error:
        # Never by itself: it would lose what came between the two.
        if wanted == LATEST and (older := newest_readable(storage, keys)):
            raise UnsoundError(f"{error} The newest that can be read is {older}: restore that by its name.") from error
        raise


def newest_readable(storage: Storage, keys: Keys) -> str:
    """Its name; empty if there is none."""
    for name in reversed(names(storage)):
        with suppress(UnsoundError):
            return read(storage, name, keys).name
    return ""


def find_name(storage: Storage, wanted: str) -> str:
    """The name itself, or the newest one for `latest`, the oldest one for `oldest`. Raises NotThereError."""
    there = names(storage)
    if there and wanted in (LATEST, OLDEST):
        return there[-1 if wanted == LATEST else 0]
    if wanted not in there:
        raise NotThereError(
            "There is no backup in the storage."
            if wanted in (LATEST, OLDEST)
            else f"There is no backup {wanted} in the storage; `manage.py backup --list` tells which are."
        )
    return wanted


def remove(storage: Storage, name: str) -> None:
    """The manifest first: from then on it is no backup."""
    with told_plainly(name):
        for each in (FILE, DATABASE, CLUSTER, CLUSTER_LIST, MEDIA):
            storage.delete(f"{name}/{each}")


def kind_of(name: str) -> str:
    return name.partition("-")[0]


def readable(storage: Storage, keys: Keys, kind: BackupKind) -> list[Manifest]:
    """The oldest first, without those of another site, or of a former key, which are an error in the log."""
    found = []
    for name in names(storage):
        if kind_of(name) != kind:
            continue
        try:
            found.append(read(storage, name, keys))
        except UnsoundError as error:
            logger.error("backup %s cannot be used: %s", name, error)
    return found
