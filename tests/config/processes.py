"""Looking at real processes, for the tests of what starts and ends them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether the condition came true in time; asked twenty times a second."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every living process that belongs to servers or a supervisor of this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            about = [*process.cmdline(), process.environ().get("VAR_DIR", "")]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in part for part in about):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def named(folder: Path, word: str) -> psutil.Process:
    """The one process of this folder whose command begins with a program or module of this name."""
    (process,) = [each for each in processes_of(folder) if word in " ".join(each.cmdline())]
    return process
