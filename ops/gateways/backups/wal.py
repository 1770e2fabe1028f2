"""The write-ahead log: the names of its segments, and where they lie in the storage of backups.

In the storage it is `wal/SYSTEM/FOLDER/SEGMENT.MOMENT.zst.age`: MOMENT says that whoever replays the log up to the end
of this segment has all that was committed until then. So a listing tells how far one can recover, and nothing has to be
read, or written over, for that. The newest segment, which is still being written, is stored again and again as
`SEGMENT.partial.MOMENT…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.files.storage import Storage

from ops.gateways.backups.storages import told_plainly

ROOT = "wal"
HISTORIES = "history"
SUFFIX = ".zst.age"
# Later than any moment: all of the log that there is.
END = datetime.max.replace(tzinfo=UTC)
# UTC; also in the name of a backup, of its begin.
MOMENT = "%Y%m%dT%H%M%S%fZ"
SEGMENT_NAME = re.compile(r"[0-9A-F]{24}")
HISTORY_NAME = re.compile(r"[0-9A-F]{8}\.history")
STORED_NAME = re.compile(rf"([0-9A-F]{{24}})(\.partial)?\.(\d{{8}}T\d{{12}}Z){re.escape(SUFFIX)}")
# A segment's name has the timeline, and a position of which the lower part counts up to so many bytes.
LOG_SIZE = 0x1_0000_0000


@dataclass(frozen=True)
class Segment:
    """A file of the write-ahead log; `number` counts them from the beginning of the log, `size` is in bytes."""

    timeline: int
    number: int
    size: int

    @property
    def name(self) -> str:
        log, low = divmod(self.number, LOG_SIZE // self.size)
        return f"{self.timeline:08X}{log:08X}{low:08X}"

    @property
    def end(self) -> int:
        """The position behind its last byte."""
        return (self.number + 1) * self.size


def segment_named(name: str, size: int) -> Segment:
    log, low = int(name[8:16], 16), int(name[16:24], 16)
    return Segment(int(name[:8], 16), log * (LOG_SIZE // size) + low, size)


def segment_at(timeline: int, position: str, size: int) -> Segment:
    """The one with this position. The very first byte of a segment may not be written yet, but belongs to it."""
    return Segment(timeline, position_of(position) // size, size)


def position_of(text: str) -> int:
    """Of `16/B374D848`."""
    high, _, low = text.partition("/")
    return int(high, 16) * LOG_SIZE + int(low, 16)


@dataclass(frozen=True)
class StoredSegment:
    """`until`: whoever has this, and all before it, has what was committed before that moment."""

    segment: Segment
    until: datetime
    is_partial: bool
    path: str

    @property
    def order(self) -> tuple[int, int, bool, datetime]:
        """The log's own, a whole segment after what was stored of it before."""
        return (self.segment.number, self.segment.timeline, not self.is_partial, self.until)


def path_for(system: str, segment: Segment, until: datetime, *, is_partial: bool) -> str:
    part = ".partial" if is_partial else ""
    name = f"{segment.name}{part}.{until.astimezone(UTC).strftime(MOMENT)}{SUFFIX}"
    return f"{ROOT}/{system}/{segment.name[:16]}/{name}"


def path_for_history(system: str, name: str) -> str:
    return f"{ROOT}/{system}/{HISTORIES}/{name}{SUFFIX}"


def stored_histories(storage: Storage, system: str) -> list[str]:
    """The names of the files that tell of which timeline each new one is a branch."""
    found = [name.removesuffix(SUFFIX) for name in listing(storage, f"{ROOT}/{system}/{HISTORIES}")[1]]
    return sorted(name for name in found if HISTORY_NAME.fullmatch(name))


def stored_segments(storage: Storage, system: str, size: int, *, since: int = 0) -> list[StoredSegment]:
    """In the order of the log, from the segment of this number on."""
    found: list[StoredSegment] = []
    for folder in listing(storage, f"{ROOT}/{system}")[0]:
        if not re.fullmatch(r"[0-9A-F]{16}", folder) or last_in(folder, size) < since:
            continue
        place = f"{ROOT}/{system}/{folder}"
        for name in listing(storage, place)[1]:
            match = STORED_NAME.fullmatch(name)
            if match is None:
                continue
            segment = segment_named(match[1], size)
            if segment.number >= since:
                until = datetime.strptime(match[3], MOMENT).replace(tzinfo=UTC)
                found.append(StoredSegment(segment, until, bool(match[2]), f"{place}/{name}"))
    return sorted(found, key=lambda each: each.order)


def last_in(folder: str, size: int) -> int:
    return (int(folder[8:], 16) + 1) * (LOG_SIZE // size) - 1


def listing(storage: Storage, path: str) -> tuple[list[str], list[str]]:
    with told_plainly(path):
        try:
            return storage.listdir(path)
        except FileNotFoundError:
            return [], []
