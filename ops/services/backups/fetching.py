"""The write-ahead log on its way back: out of the storage and, where that ends, from where it is received."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.core.files.storage import Storage

from ops.gateways.backups import wal
from ops.gateways.backups.errors import NotThereError, StorageError, UnsoundError
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.received import ReceivedSegment, received_histories, written
from ops.gateways.backups.storages import told_plainly
from ops.gateways.backups.streams import Counted, open_into
from ops.gateways.backups.wal import END, StoredSegment
from ops.services.backups.log_archive import received_of, window_of
from ops.services.backups.manifests import Manifest


@dataclass(frozen=True)
class Log:
    """What leads from a backup to a moment; `missing` is the first segment that is nowhere."""

    stored: list[StoredSegment]
    received: list[ReceivedSegment] = field(default_factory=list)
    missing: str = ""

    @property
    def files(self) -> dict[str, StoredSegment | ReceivedSegment]:
        """By where they are. What is received goes first: if it is gone it has been stored, which is seen then."""
        all_of_it: list[StoredSegment | ReceivedSegment] = [*self.received, *self.stored]
        return {str(each.path): each for each in all_of_it}

    @property
    def size(self) -> int:
        """Bytes, of what becomes of it."""
        return sum({each.segment.name: each.segment.size for each in self.files.values()}.values())


class Fetching:
    """The log from one backup to one moment. `received`: a folder of `receive_wal`; with None only what is stored."""

    def __init__(
        self, manifest: Manifest, storage: Storage, keys: Keys, until: datetime, received: Path | None
    ) -> None:
        self.manifest, self.storage, self.keys = manifest, storage, keys
        self.until, self.received = until, received
        self.missing = ""
        # The names of segments of which the receiver had more than the storage and the backup.
        self.only_received: set[str] = set()

    @property
    def system(self) -> str:
        return self.manifest.of_cluster.system_identifier

    def look(self) -> Log:
        """Raises NotThereError unless it may lead there, RefusedError for a folder that cannot be used."""
        # In this order: what is received no longer is stored by now.
        received = received_of(self.manifest, self.received) if self.received else []
        window = window_of(self.storage, self.manifest)
        missing = window.missing
        if self.until >= window.begin:
            if leading := window.leading_to(self.until):
                return Log(leading)
            further, missing = window.lengthened_by(received)
            if further or self.until == END:
                return Log(window.segments, further, missing)
        words = f" The segment {missing} of the write-ahead log is missing." if missing else ""
        raise NotThereError(
            f"{self.until.isoformat(' ')} cannot be restored: from {self.manifest.name} on it goes from"
            f" {window.begin.isoformat(' ')} to {window.end.isoformat(' ')}.{words}"
        )

    def fetch(self, folder: Path, tell: Callable[[int], None]) -> None:
        """All of it into a server's `pg_wal`. Raises UnsoundError, StorageError."""
        self.fetch_histories(folder)
        # By path, in bytes.
        fetched: dict[str, int] = {}
        while True:
            log = self.look()
            left = {path: each for path, each in log.files.items() if path not in fetched}
            if not left:
                self.missing = log.missing
                return
            try:
                for path, each in left.items():
                    fetched[path] = self.put(each, folder)
                    tell(sum(fetched.values()))
            except (StorageError, FileNotFoundError):
                # The newest piece is replaced all the time, by one that leads further; what is received gets stored.
                if left.keys() <= self.look().files.keys():
                    raise

    def fetch_histories(self, folder: Path) -> None:
        for path in received_histories(self.received, self.system) if self.received else []:
            # Else it has been stored.
            with suppress(FileNotFoundError):
                (folder / path.name).write_bytes(path.read_bytes())
        for name in wal.stored_histories(self.storage, self.system):
            self.open_stored(wal.path_for_history(self.system, name), folder / name)

    def put(self, each: StoredSegment | ReceivedSegment, folder: Path) -> int:
        """Returns how many bytes were read. Of two copies of a segment that stays which goes further.

        Both are of one stream, so that the shorter is a part of the longer. Also the backup itself has its last ones.
        """
        name = each.segment.name
        target, fresh = folder / name, folder / f"{name}.fresh"
        if isinstance(each, StoredSegment):
            size = self.open_stored(each.path, fresh)
            if (opened := fresh.stat().st_size) != each.segment.size:
                raise UnsoundError(f"{each.path} has {opened} bytes of the log instead of {each.segment.size}.")
        else:
            each.copy_to(fresh)
            size = each.segment.size
        if target.exists() and written(target) >= written(fresh):
            fresh.unlink()
            return size
        fresh.replace(target)
        if isinstance(each, StoredSegment):
            self.only_received.discard(name)
        else:
            self.only_received.add(name)
        return size

    def open_stored(self, path: str, target: Path) -> int:
        with target.open("wb") as file, told_plainly(path), self.storage.open(path) as source:
            counted = Counted(source)
            open_into(counted, file, self.keys, what=path)
        return counted.size
