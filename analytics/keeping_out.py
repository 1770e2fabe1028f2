"""Who is not counted, and how many of them there are."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import Counter

from django.db.models import TextChoices
from django.http import HttpRequest

from analytics.events import Event, Name
from analytics.pipeline import collect

# How often at most a process says how many it kept out.
TOLD_EVERY = 5.0  # seconds


class Reason(TextChoices):
    PREFETCH = "prefetch", "a browser fetched it in case somebody will look at it"
    MONITORING = "monitoring", "a program asked whether we are there"
    ROBOT = "robot", "a program"
    DO_NOT_TRACK = "do_not_track", "somebody who does not want to be counted (DNT)"
    GLOBAL_PRIVACY_CONTROL = "global_privacy_control", "somebody who does not want to be counted (GPC)"
    STAFF = "staff", "somebody of the staff"
    INVALID = "invalid", "an event that was sent to us, and was not right"
    LIMITED = "limited", "events that were sent to us too often"


class Tally:
    """What this process has kept out and not told yet."""

    lock = threading.Lock()
    counts: Counter[str] = Counter()
    tell_at = 0.0


def begin_anew() -> None:
    """In a process that was forked: what its parent has counted is its parent's."""
    Tally.lock, Tally.counts = threading.Lock(), Counter()


os.register_at_fork(after_in_child=begin_anew)


def keep_out(reason: str, number: int = 1) -> None:
    """Count what is not counted otherwise: summed in the process, and told with the first that comes some time after.

    One event for each request would have those who flood us write our table.
    """
    with Tally.lock:
        Tally.counts[reason] += number
        if time.monotonic() < Tally.tell_at:
            return
    tell()


@atexit.register
def tell() -> None:
    with Tally.lock:
        counts, Tally.counts = Tally.counts, Counter()
        Tally.tell_at = time.monotonic() + TOLD_EVERY
    for reason, number in counts.items():
        collect(Event(Name.KEPT_OUT, subject=reason, properties={"count": number}))


def refusal_of(request: HttpRequest) -> str:
    """The Reason if a browser says for its owner that they do not want to be counted; else empty."""
    meta = request.META
    if meta.get("HTTP_SEC_GPC") == "1":
        return Reason.GLOBAL_PRIVACY_CONTROL
    return Reason.DO_NOT_TRACK if meta.get("HTTP_DNT") == "1" else ""


def is_prefetch(request: HttpRequest) -> bool:
    meta = request.META
    purpose = meta.get("HTTP_SEC_PURPOSE") or meta.get("HTTP_PURPOSE") or meta.get("HTTP_X_MOZ") or ""
    return purpose.startswith("prefetch")
