"""The sign of life that a process gives to whoever supervises it: to the probe of its container, or to systemd.

It is given by the loop that does the work, so that a process that hangs gives none, whatever its other threads do; and
also while that loop waits for Valkey or the database, since no new start would bring those back.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

EVERY = 5.0  # seconds; more often it is not given, however often a loop turns


class Own:
    """Of this process."""

    given_at: float | None = None
    is_failing = False


def give_sign() -> None:
    """In the file SIGN_OF_LIFE, with the number of this process, and to systemd; to neither unless it is asked for."""
    now = time.monotonic()
    if Own.given_at is not None and now - Own.given_at < EVERY:
        return
    Own.given_at = now
    try:
        if settings.SIGN_OF_LIFE:
            Path(settings.SIGN_OF_LIFE).write_text(f"{os.getpid()}\n")
        if "WATCHDOG_USEC" in os.environ:
            tell_systemd(os.environ["NOTIFY_SOCKET"])
    except OSError as error:
        # The work goes on without it; said once.
        if not Own.is_failing:
            logger.error("no sign of life can be given: %s", error)
        Own.is_failing = True
    else:
        Own.is_failing = False


def tell_systemd(place: str) -> None:
    """As sd_notify(3) does it. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.settimeout(1)
        # A socket without a file is written with an @.
        notify.sendto(b"WATCHDOG=1", f"\0{place[1:]}" if place.startswith("@") else place)
