"""What goes wrong on the way is told as it was, and not as what followed from it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from ops.gateways.backups import cluster
from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.media import packing, unpacking
from ops.gateways.backups.programs import NICENESS
from ops.gateways.backups.streams import open_into, sealed


def test_a_file_that_cannot_be_written_is_told_and_not_called_an_altered_backup(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for folder in (source, target):
        folder.mkdir()
        (folder / "film.bin").write_bytes(os.urandom(3_000_000))
    with packing(source) as packed, sealed(packed, our_keys(), packed.finish) as flowing:
        stored = io.BytesIO(b"".join(iter(lambda: flowing.read(1 << 16), b"")))
    with unpacking(target) as files, pytest.raises(BackupError, match=r"could not be written: .*File exists"):
        open_into(stored, files, our_keys(), what="media")


def test_files_of_a_server_that_cannot_be_unpacked_are_named_and_not_the_program(tmp_path: Path) -> None:
    with cluster.unpacking(tmp_path / "data") as running:
        running.write(b"this is no tar" * 100)
        with pytest.raises(BackupError, match=r"(?s)unpacking the files of the server failed .*tarfile\.ReadError"):
            running.finish()


def test_what_takes_a_backup_lets_others_have_the_processors_first() -> None:
    told: list[int] = []

    class Source:
        def read(self, size: int = -1, /) -> bytes:
            told.append(os.getpriority(os.PRIO_PROCESS, 0))
            return b""

    before = os.getpriority(os.PRIO_PROCESS, 0)
    with sealed(Source(), our_keys(), lambda: None) as flowing:
        while flowing.read(1 << 16):
            pass
    assert set(told) == {max(before, NICENESS)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
