"""Telling visitors of one day apart without cookies, and without keeping anything by which they could be found again.

A visitor is a number: a keyed hash of the network and of the browser's name. The key is random, lies in Valkey only,
and is gone soon after its day. So nobody, we included, can tell who was whom on another day, or try addresses until
the number of one fits.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from redis import RedisError

from common.client import LONGEST_USER_AGENT, client_address, network_of
from common.metrics import valkey

logger = logging.getLogger(__name__)

KEY = "analytics:salt:"
SALT_BYTES = 32
# How long after the end of its day the salt is still there, for clocks that differ.
LEFT_AFTER_ITS_DAY = 120  # seconds
# How often a process looks whether the salt that it remembers is still that of all.
ASK_EVERY = 60  # seconds
# Of 64 bits one is the sign.
NUMBER_BITS = 63


class Salt:
    """As this process remembers it. It outlives its day here only until the next visitor comes, or the process ends."""

    lock = threading.Lock()
    value = b""
    day = ""
    # Times of the clock, in seconds since 1970.
    day_ends = 0.0
    ask_again = 0.0


def visitor_of(request: HttpRequest) -> int:
    """A negative number, the same for one browser on one day."""
    network = network_of(client_address(request))
    return number_of(network, request.META.get("HTTP_USER_AGENT", ""))


def number_of(network: str, user_agent: str) -> int:
    text = f"{network}\n{user_agent[:LONGEST_USER_AGENT]}".encode(errors="replace")
    digest = blake2b(text, digest_size=8, key=salt()).digest()
    return -1 - (int.from_bytes(digest, "big") >> (64 - NUMBER_BITS))


def salt() -> bytes:
    """That of today. While Valkey is away it is a random one, of this process alone: visitors are then counted anew."""
    now = time.time()
    if now < Salt.ask_again:
        return Salt.value
    # One asks; all others go on with what there is, but where that is of another day.
    if Salt.lock.acquire(blocking=now >= Salt.day_ends):
        try:
            if time.time() >= Salt.ask_again:
                ask(now)
        finally:
            Salt.lock.release()
    return Salt.value


def ask(now: float) -> None:
    """Agree with all other processes: whoever comes first brings the salt of the day."""
    day, ends = day_of(now)
    if day != Salt.day:
        Salt.value, Salt.day, Salt.day_ends = secrets.token_bytes(SALT_BYTES), day, ends
    Salt.ask_again = min(now + ASK_EVERY, ends)
    left = int(ends - now) + LEFT_AFTER_ITS_DAY
    try:
        # SET with NX and GET answers in one step with what was there before.
        kept = valkey().set(KEY + day, Salt.value.hex(), nx=True, get=True, ex=left)
    except RedisError as error:
        logger.warning("visitors are told apart by this process alone, since Valkey does not answer: %s", error)
        return
    if kept:
        Salt.value = bytes.fromhex(str(kept))


def day_of(now: float) -> tuple[str, float]:
    """The day in the time zone of the figures, and when it ends."""
    zone = zone_of_figures(settings.ANALYTICS_TIME_ZONE)
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"{midnight:%Y-%m-%d}", (midnight + timedelta(days=1)).timestamp()


@cache
def zone_of_figures(name: str) -> ZoneInfo:
    return ZoneInfo(name)
