"""What a long command shows on a terminal: the step at hand and how much has passed."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 70
EVERY = 0.2  # seconds


class Progress:
    """A line that is written over on a terminal; elsewhere one line a step. A Watcher of `steps`."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.step = ""
        self.begun = self.shown_at = 0.0

    def __call__(self, step: str, size: int) -> None:
        now = time.monotonic()
        if step != self.step:
            self.end()
            self.step, self.begun = step, now
            if not self.is_terminal:
                self.stream.write(f"{step} …\n")
        if self.is_terminal and (now - self.shown_at > EVERY or not size):
            self.shown_at = now
            seconds = max(now - self.begun, 0.001)
            amount = f"{shown_size(size)}, {shown_size(size / seconds)}/s" if size else ""
            self.stream.write("\r" + f"{step} … {amount}".ljust(WIDTH))
            self.stream.flush()

    def end(self) -> None:
        if self.step and self.is_terminal:
            self.stream.write("\n")
        self.step = ""


def shown_size(size: float) -> str:
    """Of bytes, in the largest decimal unit that fits."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
