"""Where the storage ends, what was received leads on, as far as there is no gap."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.gateways.backups.received import HEADER, ReceivedSegment, received_segments, written
from ops.gateways.backups.wal import Segment, StoredSegment, segment_named
from ops.services.backups.log_archive import Window

SIZE = 16 * 1024 * 1024
SYSTEM = "7714006645655532849"
THEN = datetime(2026, 11, 30, tzinfo=UTC)


def named(number: int, timeline: int = 1) -> str:
    return Segment(timeline, number, SIZE).name


def window(*stored: tuple[int, bool], missing: str = "") -> Window:
    """From segment 3 on. Of each that is stored its number, and whether it is a part only."""
    segments = [StoredSegment(Segment(1, number, SIZE), THEN, part, f"wal/{number}") for number, part in stored]
    return Window(THEN, THEN, Segment(1, 3, SIZE), segments, missing)


def received(*names: str) -> list[ReceivedSegment]:
    return [ReceivedSegment(segment_named(name[:24], SIZE), Path(name)) for name in names]


PART = ".partial"


@pytest.mark.parametrize(
    ("stored", "names", "leading_on", "missing"),
    [
        pytest.param(window((3, False), (4, True)), [f"{named(4)}{PART}"], 1, "", id="the newest is in both places"),
        pytest.param(
            window((3, False), (4, True)), [named(4), named(5), f"{named(6)}{PART}"], 3, "", id="it has ended since"
        ),
        pytest.param(window((3, False)), [f"{named(3)}{PART}"], 0, "", id="older than what is stored"),
        pytest.param(window(), [named(3), f"{named(4)}{PART}"], 2, "", id="nothing is stored yet"),
        pytest.param(window((3, False)), [named(2), named(3), named(4)], 1, "", id="stored, and not removed yet"),
        pytest.param(window((3, False), (4, True)), [named(5)], 0, named(4), id="the rest of the newest is nowhere"),
        pytest.param(window((3, False)), [named(4), named(6)], 1, named(5), id="one of them is nowhere"),
        pytest.param(window((3, False)), [f"{named(4)}{PART}", f"{named(5)}{PART}"], 1, named(4), id="one has no end"),
        pytest.param(window((3, False), missing=named(4)), [], 0, named(4), id="a gap in the storage stays one"),
        pytest.param(window((3, False), missing=named(4)), [named(4)], 1, "", id="a gap in the storage is filled"),
        pytest.param(
            window((3, False)),
            [f"{named(4)}{PART}", named(4, timeline=2), f"{named(5, timeline=2)}{PART}"],
            3,
            "",
            id="another timeline begins in the middle of a segment",
        ),
    ],
)
def test_what_leads_on_and_what_is_missing(stored: Window, names: list[str], leading_on: int, missing: str) -> None:
    line, gap = stored.lengthened_by(received(*names))
    assert (len(line), gap) == (leading_on, missing)


def written_to(path: Path, *, system: str, number: int, text: bytes = b"") -> Path:
    """As PostgreSQL begins a segment."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(HEADER.pack(number * SIZE, int(system), SIZE) + text)
    return path


def test_only_what_is_of_this_server_and_what_its_name_says_is_taken(tmp_path: Path) -> None:
    good = written_to(tmp_path / SYSTEM / named(4), system=SYSTEM, number=4)
    last = written_to(tmp_path / SYSTEM / f"{named(5)}{PART}", system=SYSTEM, number=5)
    written_to(tmp_path / SYSTEM / named(6), system="7714006645655532850", number=6)
    written_to(tmp_path / SYSTEM / named(7), system=SYSTEM, number=8)
    # As it is before anything is in it, and cut off.
    (tmp_path / SYSTEM / f"{named(9)}{PART}").write_bytes(bytes(SIZE))
    (tmp_path / SYSTEM / named(10)).write_bytes(b"\x18\xd1")
    (tmp_path / SYSTEM / "00000002.history").touch()
    for place in (tmp_path, tmp_path / SYSTEM):
        assert [each.path for each in received_segments(place, SYSTEM, SIZE)] == [good, last]
    assert received_segments(tmp_path / "nowhere", SYSTEM, SIZE) == []


def test_a_copy_has_the_size_of_a_segment_and_goes_as_far_as_it_did(tmp_path: Path) -> None:
    torn = written_to(tmp_path / named(4), system=SYSTEM, number=4, text=b"a record")
    (segment,) = received_segments(tmp_path, SYSTEM, SIZE)
    segment.copy_to(tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_size == SIZE
    assert written(tmp_path / "copy") == written(torn) == HEADER.size + len(b"a record")
    (tmp_path / "empty").write_bytes(bytes(3 * SIZE))
    assert written(tmp_path / "empty") == 0
