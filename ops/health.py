"""Is everything there that a request needs?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

logger = logging.getLogger(__name__)

CACHE_PROBE_KEY = "readyz"
CACHE_PROBE_SECONDS = 10


def check_parts() -> dict[str, str]:
    """Each part's name and "ok" or "failing"; the reason goes to the log, not to the public."""
    parts = {"database": run_check("database", check_database), "cache": run_check("cache", check_cache)}
    # Without a database the migrations are unknown, and asking would only wait a second time.
    reachable = parts["database"] == "ok"
    return parts | {"migrations": run_check("migrations", check_migrations) if reachable else "unknown"}


def run_check(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever a part raises means that it is failing
        logger.error("readiness: %s is failing: %s", name, error)
        return "failing"
    return "ok"


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_cache() -> None:
    """A write and a read, since a full or read-only cache still answers a ping."""
    cache.set(CACHE_PROBE_KEY, "ok", CACHE_PROBE_SECONDS)
    if cache.get(CACHE_PROBE_KEY) != "ok":
        raise RuntimeError("the cache did not return what was just written")


def check_migrations() -> None:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise RuntimeError(f"{len(waiting)} migrations are not applied, the first is {waiting[0][0]}")
