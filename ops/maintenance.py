"""Maintenance: the site answers 503, and only staff get through.

The flag is a file, since it has to be read while the database and Valkey are away or being replaced, by processes that
know of nothing but the disk: the web server, the worker, a command at three in the morning. Where the web runs on
several machines, MAINTENANCE_FILE names a place that all of them mount, as they do the uploads.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

DEFAULT_MINUTES = 15
LONGEST_MINUTES = 7 * 24 * 60
LONGEST_REASON = 300  # characters
# Seconds for which a process believes what it saw last.
LOOK_EVERY = 1.0
# What those are told who come after the end that was planned, seconds.
SHORTEST_WAIT = 60


@dataclass(frozen=True)
class Maintenance:
    """`reason` is for everybody who comes; `until` is the end that is planned, after which it goes on if need be."""

    reason: str
    since: datetime
    until: datetime

    def retry_after(self) -> int:
        """Seconds after which to come again."""
        left = (self.until - datetime.now(UTC)).total_seconds()
        return max(SHORTEST_WAIT, int(left) + 1)


class Seen:
    """What this process saw last, and when (of the monotonic clock). Threads may each look; they see the same."""

    at = float("-inf")
    # Of the file: when it was written, and which one it was.
    stamp: tuple[int, int] | None = None
    maintenance: Maintenance | None = None
    # Said once.
    is_failing = False


def current() -> Maintenance | None:
    """What is going on now, as of at most a second ago; None on all other days."""
    now = time.monotonic()
    if now - Seen.at >= LOOK_EVERY:
        look()
        Seen.at = now
    return Seen.maintenance


def look() -> None:
    path = flag()
    try:
        found = path.stat()
    except FileNotFoundError:
        Seen.stamp = Seen.maintenance = None
        Seen.is_failing = False
        return
    except OSError as error:
        # A share that is away, say: open or closed, all stays as it was.
        if not Seen.is_failing:
            logger.error("whether there is maintenance cannot be seen in %s, it is as before: %s", path, error)
        Seen.is_failing = True
        return
    Seen.is_failing = False
    stamp = (found.st_mtime_ns, found.st_ino)
    if stamp != Seen.stamp:
        Seen.maintenance = read(path)
        Seen.stamp = stamp


def read(path: Path) -> Maintenance | None:
    """What the file says; one that cannot be read still says that there is maintenance. None if it has just gone."""
    try:
        said = json.loads(path.read_text())
        return Maintenance(
            reason=str(said["reason"]),
            since=datetime.fromisoformat(said["since"]),
            until=datetime.fromisoformat(said["until"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        now = datetime.now(UTC)
        return Maintenance(reason="", since=now, until=now)


def begin(reason: str = "", minutes: int = DEFAULT_MINUTES) -> Maintenance:
    """Close the site; one that is closed stays so, with a new reason and end.

    Raises ValidationError for what cannot be said, OSError if the file cannot be written. Other processes notice
    within a second.
    """
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON:
        raise ValidationError(f"Say why in at most {LONGEST_REASON} characters.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise ValidationError(
            f"Maintenance takes 1 to {LONGEST_MINUTES} minutes; it can be prolonged by beginning again."
        )
    now = datetime.now(UTC)
    maintenance = Maintenance(reason=reason, since=now, until=now + timedelta(minutes=minutes))
    look()
    if Seen.maintenance is not None:
        maintenance = replace(maintenance, since=Seen.maintenance.since)
    write(flag(), maintenance)
    look()
    return maintenance


def write(path: Path, maintenance: Maintenance) -> None:
    """In one step, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_text(json.dumps(asdict(maintenance), default=datetime.isoformat))
    half.replace(path)


def end(begun: Maintenance | None = None) -> bool:
    """Open the site again; whether it was closed. Raises OSError if the file cannot be removed.

    `begun`: only if it is still closed by what `begin` has returned, and nobody has begun again since.
    """
    if begun is not None:
        look()
        if Seen.maintenance != begun:
            return False
    try:
        flag().unlink()
    except FileNotFoundError:
        was_closed = False
    else:
        was_closed = True
    look()
    return was_closed


def flag() -> Path:
    return Path(settings.MAINTENANCE_FILE)
