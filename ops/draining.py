"""A machine that is about to stop takes no new traffic: its flag is a file of its own, which no other machine sees."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def is_draining() -> bool:
    return flag().exists()


def begin() -> None:
    """Raises OSError if the flag cannot be written."""
    flag().parent.mkdir(parents=True, exist_ok=True)
    flag().touch()


def end() -> None:
    """Raises OSError if the flag cannot be removed."""
    flag().unlink(missing_ok=True)


def flag() -> Path:
    return Path(settings.VAR_DIR) / "draining"
