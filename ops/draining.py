"""What is about to stop takes no new traffic: a machine whose flag is there (`manage.py drain on`), or a single server.

Both flags are files, of which no other machine knows. That of a server is set by what started it (config.serving).
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def is_draining() -> bool:
    of_this_server = settings.DRAINING_FLAG
    return flag().exists() or bool(of_this_server and Path(of_this_server).exists())


def begin() -> None:
    """Raises OSError if the flag cannot be written."""
    flag().parent.mkdir(parents=True, exist_ok=True)
    flag().touch()


def end() -> None:
    """Raises OSError if the flag cannot be removed."""
    flag().unlink(missing_ok=True)


def flag() -> Path:
    return Path(settings.VAR_DIR) / "draining"
