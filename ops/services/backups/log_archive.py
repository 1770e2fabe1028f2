"""The write-ahead log in the storage: from where to where one can recover, and what of it nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.core.files.storage import Storage

from ops.gateways.backups import wal
from ops.gateways.backups.keys import Keys
from ops.gateways.backups.received import ReceivedSegment, received_segments
from ops.gateways.backups.storages import told_plainly
from ops.gateways.backups.wal import Segment, StoredSegment
from ops.models import BackupKind
from ops.services.backups import manifests
from ops.services.backups.manifests import Manifest


@dataclass(frozen=True)
class Window:
    """From one backup, any moment from `begin` to `end` can be restored; `missing` is the first segment not there.

    `first` is the segment from which the log leads on from the backup.
    """

    begin: datetime
    end: datetime
    first: Segment
    segments: list[StoredSegment] = field(default_factory=list)
    missing: str = ""

    def leading_to(self, moment: datetime) -> list[StoredSegment]:
        """What has to be replayed."""
        for index, each in enumerate(self.segments):
            if each.until >= moment:
                return self.segments[: index + 1]
        return []

    def lengthened_by(self, received: Iterable[ReceivedSegment]) -> tuple[list[ReceivedSegment], str]:
        """Of what was received, that which leads on from the storage without a gap; and the first that is missing.

        Of the newest segment the storage has a piece, so that one belongs to both; which has more of it is in neither's
        name.
        """
        there: dict[int, list[ReceivedSegment]] = {}
        for each in received:
            there.setdefault(each.segment.number, []).append(each)
        number = self.first.number
        if self.segments:
            last = self.segments[-1]
            number = last.segment.number if last.is_partial else last.segment.number + 1
        line: list[ReceivedSegment] = []
        while number in there:
            line += there[number]
            if all(each.is_partial for each in there[number]):
                break
            number += 1
        if any(later > number for later in there):
            return line, Segment(self.first.timeline, number, self.first.size).name
        return line, "" if line else self.missing


def window_of(storage: Storage, manifest: Manifest) -> Window:
    """Of a physical backup."""
    return windows_of(storage, [manifest])[0]


def windows_of(storage: Storage, physical: Sequence[Manifest]) -> list[Window]:
    """Of several backups of one server or of many, in their order; the storage is listed once for each server."""
    clusters = [each.of_cluster for each in physical]
    first = [wal.segment_at(each.timeline, each.stop, each.segment_size) for each in clusters]
    stored: dict[str, list[StoredSegment]] = {}
    for system in {each.system_identifier for each in clusters}:
        of_system = [start for each, start in zip(clusters, first, strict=True) if each.system_identifier == system]
        since = min(start.number for start in of_system)
        stored[system] = wal.stored_segments(storage, system, of_system[0].size, since=since)
    windows = []
    for cluster, start in zip(clusters, first, strict=True):
        line, missing = unbroken(stored[cluster.system_identifier], start)
        # The moments never go back, but for those of segments that were stored after a new start.
        end = max([cluster.consistent, *(each.until for each in line)])
        windows.append(Window(cluster.consistent, end, start, line, missing))
    return windows


def unbroken(stored: Iterable[StoredSegment], first: Segment) -> tuple[list[StoredSegment], str]:
    """One object for each segment, as long as none is missing; and the name of the first that is."""
    best = {each.segment.number: each for each in stored if each.segment.number >= first.number}
    line: list[StoredSegment] = []
    for number in range(first.number, max(best, default=0) + 1):
        if number not in best:
            return line, Segment(first.timeline, number, first.size).name
        line.append(best[number])
        if best[number].is_partial and number + 1 in best:
            return line, best[number].segment.name
    return line, ""


@dataclass(frozen=True)
class Reach:
    """From where to where the log and the physical backups of the storage lead; empty where there are none."""

    begin: datetime | None = None
    end: datetime | None = None
    missing: str = ""


def reach(storage: Storage, keys: Keys) -> Reach:
    """Of the oldest backup from which the log leads on without a gap to where the newest leads."""
    windows = windows_of(storage, manifests.readable(storage, keys, BackupKind.PHYSICAL))
    if not windows:
        return Reach()
    newest = windows[-1]
    begin = min(each.begin for each in windows if each.end >= newest.begin)
    return Reach(begin, newest.end, newest.missing)


def best_for(storage: Storage, keys: Keys, moment: datetime, received: Path | None = None) -> Manifest | None:
    """The backup from which the least of the log has to be replayed; with `received`, of a server of which that is."""
    fitting = [
        each
        for each in manifests.readable(storage, keys, BackupKind.PHYSICAL)
        if each.of_cluster.consistent <= moment and (received is None or received_of(each, received))
    ]
    return fitting[-1] if fitting else None


def received_of(manifest: Manifest, place: Path) -> list[ReceivedSegment]:
    """What was received of the server that a physical backup is of. Raises RefusedError."""
    return received_segments(place, manifest.of_cluster.system_identifier, manifest.of_cluster.segment_size)


def prune_log(storage: Storage, kept: list[Manifest]) -> int:
    """Delete what of the log none of these physical backups needs; returns how many segments it was.

    Of a server that none of them is of, nothing is deleted: nobody can say whether it is needed.
    """
    count = 0
    for system in {each.of_cluster.system_identifier for each in kept}:
        clusters = [each.of_cluster for each in kept if each.of_cluster.system_identifier == system]
        size = clusters[0].segment_size
        first = min(wal.segment_at(each.timeline, each.start, size).number for each in clusters)
        stored = wal.stored_segments(storage, system, size)
        whole = {each.segment.number for each in stored if not each.is_partial}
        newest_partial = {each.segment.number: each.path for each in stored if each.is_partial}
        for each in stored:
            outdated = each.is_partial and (
                each.segment.number in whole or newest_partial[each.segment.number] != each.path
            )
            if each.segment.number < first or outdated:
                with told_plainly(each.path):
                    storage.delete(each.path)
                count += 1
    return count
