"""What the receiver of the write-ahead log has on its disk: when the server is lost, the last of it lies only there.

A folder of `receive_wal`, or a copy of one: segments, and the newest as far as it goes, `SEGMENT.partial`, filled up
with zeros. PostgreSQL recovers from that under the segment's own name, as far as its last record that is whole.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from ops.gateways.backups.errors import RefusedError
from ops.gateways.backups.receiver import PARTIAL
from ops.gateways.backups.storages import BLOCK
from ops.gateways.backups.wal import HISTORY_NAME, SEGMENT_NAME, Segment, segment_named

# XLogLongPageHeaderData of PostgreSQL's xlog_internal.h, with which each segment begins: of it we want the position
# (xlp_pageaddr), the server's identifier (xlp_sysid) and the size of segments (xlp_seg_size).
HEADER = struct.Struct("=8xQ8xQI4x")
# What another's `pg_receivewal --compress` writes; ours does not.
COMPRESSED = re.compile(r"[0-9A-F]{24}\.(gz|lz4|zst)(\.partial)?")


@dataclass(frozen=True)
class ReceivedSegment:
    segment: Segment
    path: Path

    @property
    def is_partial(self) -> bool:
        return self.path.name.endswith(PARTIAL)

    def copy_to(self, target: Path) -> None:
        """With zeros in place of what a copy has lost of its end. Raises FileNotFoundError."""
        shutil.copyfile(self.path, target)
        os.truncate(target, self.segment.size)


def folder_of(place: Path, system: str) -> Path:
    """`place` is what `receive_wal` works in, with a folder for each server, or such a folder itself."""
    return place / system if (place / system).is_dir() else place


def received_segments(place: Path, system: str, size: int) -> list[ReceivedSegment]:
    """Of this server, in the order of the log; none where there is no such folder. Raises RefusedError."""
    folder = folder_of(place, system)
    while folder.is_dir():
        try:
            return found_in(folder, system, size)
        except FileNotFoundError:
            # One has got its whole name, or has been stored, while we looked.
            continue
        except OSError as error:
            raise RefusedError(f"What was received of the write-ahead log cannot be read: {error}") from error
    return []


def found_in(folder: Path, system: str, size: int) -> list[ReceivedSegment]:
    """Raises RefusedError, and FileNotFoundError for what goes while it is looked at."""
    paths = sorted(folder.iterdir())
    if compressed := [path for path in paths if COMPRESSED.fullmatch(path.name)]:
        raise RefusedError(f"{compressed[0]} is compressed: unpack all that are in that folder.")
    named = [path for path in paths if SEGMENT_NAME.fullmatch(path.name.removesuffix(PARTIAL))]
    found = [ReceivedSegment(segment_named(path.name.removesuffix(PARTIAL), size), path) for path in named]
    return sorted((each for each in found if is_of(each, system)), key=lambda each: each.segment.number)


def is_of(each: ReceivedSegment, system: str) -> bool:
    """Whether it is of this server and what its name says; not so one that has nothing in it yet."""
    with each.path.open("rb") as file:
        begin = file.read(HEADER.size)
    segment = each.segment
    wanted = HEADER.pack(segment.end - segment.size, int(system), segment.size)
    return len(begin) == HEADER.size and HEADER.unpack(begin) == HEADER.unpack(wanted)


def received_histories(place: Path, system: str) -> list[Path]:
    return [path for path in folder_of(place, system).glob("*.history") if HISTORY_NAME.fullmatch(path.name)]


def written(path: Path) -> int:
    """How far a segment goes: the position in the file behind its last byte that is not zero."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(end - BLOCK, 0)
            file.seek(begin)
            if block := file.read(end - begin).rstrip(b"\0"):
                return begin + len(block)
            end = begin
    return 0
