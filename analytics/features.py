"""The features whose use is counted. Closed, so that nobody can fill our tables with names of their own."""

from __future__ import annotations

known: set[str] = set()


def register(*names: str) -> None:
    """Apps name theirs when they are ready."""
    known.update(names)
