"""What goes wrong on the way is told as it was, and not as what followed from it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from ops.gateways.backups.errors import BackupError
from ops.gateways.backups.keys import our_keys
from ops.gateways.backups.media import packing, unpacking
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
