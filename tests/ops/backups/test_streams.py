"""What goes wrong on the way is told as it was, and not as what followed from it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
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


# As on Debian 12, whose Python 3.11.2 knows no filters.
WITHOUT_FILTERS = "import tarfile; vars(tarfile).pop('data_filter', None)\n"


def unpacked(program: str, tar: bytes, into: Path) -> subprocess.CompletedProcess[bytes]:
    into.mkdir()
    return subprocess.run([sys.executable, "-c", program, str(into)], input=tar, capture_output=True, check=False)


def tar_of(**members: tuple[bytes, str]) -> bytes:
    """Name → what is in it, and its kind; of somebody who is not here."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, (content, kind) in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.type, member.uid, member.gid = len(content), kind.encode(), 4711, 4711
            member.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE.decode() else ""
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


FILE, LINK = tarfile.REGTYPE.decode(), tarfile.SYMTYPE.decode()


@pytest.mark.parametrize("before", ["", WITHOUT_FILTERS], ids=["with filters", "without"])
def test_files_of_a_server_are_unpacked_as_ours_by_every_python(tmp_path: Path, before: str) -> None:
    done = unpacked(before + cluster.UNPACK, tar_of(PG_VERSION=(b"18", FILE)), tmp_path / "data")
    assert (done.returncode, done.stderr) == (0, b"")
    written = tmp_path / "data" / "PG_VERSION"
    assert written.read_text() == "18"
    assert (written.stat().st_uid, written.stat().st_gid) == (os.geteuid(), os.getegid())


@pytest.mark.parametrize("before", ["", WITHOUT_FILTERS], ids=["with filters", "without"])
@pytest.mark.parametrize(("name", "kind"), [("../outside", FILE), ("link", LINK)])
def test_what_leads_out_of_the_folder_is_not_unpacked(tmp_path: Path, before: str, name: str, kind: str) -> None:
    done = unpacked(before + cluster.UNPACK, tar_of(**{name: (b"", kind)}), tmp_path / "data")
    assert done.returncode == 1
    assert list((tmp_path / "data").iterdir()) == []
    assert not (tmp_path / "outside").exists()


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
