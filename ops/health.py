"""Is everything there that a request needs?"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from django.core.cache import cache
from django.db import connection

from ops import state

logger = logging.getLogger(__name__)

CACHE_PROBE_KEY = "readyz"
CACHE_PROBE_SECONDS = 10
# What a load balancer waits; PostgreSQL's own limits are longer.
DATABASE_SECONDS = 1.0
# From here on a write may fail at any moment. Staff hear of it much earlier (ops.services.watching).
FULL_DISK = 0.97
# Parts without which the site goes on, only worse (docs/operations.md).
DISPENSABLE = frozenset({"cache"})


def check_parts() -> dict[str, str]:
    """Each part's name and "ok" or "failing"; the reason goes to the log, not to the public."""
    parts = {
        "database": run_check("database", lambda: within(DATABASE_SECONDS, check_database)),
        "cache": run_check("cache", check_cache),
        "disk": run_check("disk", check_disk),
    }
    # Without a database the migrations are unknown, and asking would only wait a second time.
    reachable = parts["database"] == "ok"
    return parts | {"migrations": run_check("migrations", check_migrations) if reachable else "unknown"}


def sum_up(parts: Mapping[str, str]) -> str:
    """ "ok", "degraded" if the site goes on without what fails, else "failing"."""
    amiss = {name for name, found in parts.items() if found != "ok"}
    if not amiss:
        return "ok"
    return "degraded" if amiss <= DISPENSABLE else "failing"


def run_check(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever a part raises means that it is failing
        logger.error("readiness: %s is failing: %s", name, error)
        return "failing"
    return "ok"


def within(seconds: float, check: Callable[[], None]) -> None:
    """Let another thread check, for somebody who will not wait longer; raises what it raises, or TimeoutError.

    One that hangs is left behind, and ends with the limits of the pool and of TCP.
    """
    raised: list[Exception] = []
    done = threading.Event()

    def look() -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - raised again where somebody waits
            raised.append(error)
        finally:
            # A connection of this thread's own.
            connection.close()
            done.set()

    threading.Thread(target=look, name="readiness", daemon=True).start()
    if not done.wait(seconds):
        raise TimeoutError(f"no answer within {seconds:g} s")
    if raised:
        raise raised[0]


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_cache() -> None:
    """A write and a read, since a full or read-only cache still answers a ping."""
    cache.set(CACHE_PROBE_KEY, "ok", CACHE_PROBE_SECONDS)
    if cache.get(CACHE_PROBE_KEY) != "ok":
        raise RuntimeError("the cache did not return what was just written")


def check_disk(used: Callable[[], float] = state.disk_used) -> None:
    if (found := used()) >= FULL_DISK:
        raise RuntimeError(f"{found:.0%} of the disk are used")


def check_migrations() -> None:
    if waiting := state.migrations_waiting():
        raise RuntimeError(f"{len(waiting)} migrations are not applied, the first is {waiting[0]}")
