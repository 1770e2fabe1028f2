"""A disk that is full, under load: a small one of memory, on which the servers have their data."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from trials.chaos.book import Book
from trials.chaos.load import settle_in
from trials.chaos.outcomes import Outcome
from trials.platform import production

NAME = "the disk is full for ten seconds"
MOUNT, UMOUNT = shutil.which("mount") or "", shutil.which("umount") or ""
SIZE = "1g"
FULL_FOR = 10.0  # seconds
PIECE = 1024 * 1024  # bytes


def full_disk() -> Outcome:
    """Skipped, in clear words, by who may not mount."""
    if os.geteuid() != 0 or not MOUNT:
        return Outcome(NAME, skipped=True, remark="only root may mount a small disk")
    with ExitStack() as stack:
        small: list[Path] = []

        def mount(data: Path) -> None:
            stack.enter_context(small_disk(data))
            small.append(data)

        try:
            platform = stack.enter_context(production(on=mount, HTTPS="false", STAFF_NEED_SECOND_FACTOR="false"))
        except NotMounted as error:
            return Outcome(NAME, skipped=True, remark=str(error))
        platform.run("import_tutorials", "tutorials/content", RUNS_COMMAND="true")
        platform.start()
        filler = small[0] / "filler"
        book = Book(settle_in(platform))
        outcome = book.broken(NAME, lambda: fill(filler), mended=lambda: make_room(filler))
        outcome.remark = "from the moment at which there was room again"
        return outcome


class NotMounted(Exception):
    """This machine does not let us."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Raises NotMounted, with the words of mount."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "how-to-ai-trial", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotMounted(f"this machine mounts no small disk ({done.stderr.strip()})")
    try:
        yield
    finally:
        subprocess.run([UMOUNT, "--lazy", str(folder)], check=True)


def fill(filler: Path) -> None:
    """To the last block, and again while the platform deletes something."""
    until = time.monotonic() + FULL_FOR
    with filler.open("wb", buffering=0) as file:
        while time.monotonic() < until:
            for size in (PIECE, 4096, 1):
                try:
                    while time.monotonic() < until:
                        file.write(b"x" * size)
                except OSError:
                    continue
            time.sleep(0.05)


def make_room(filler: Path) -> None:
    filler.unlink()
