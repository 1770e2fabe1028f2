"""Django's cache in Valkey, counting what it finds."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.redis import RedisCache

from common.metrics import CACHE_READS

NOTHING = object()


class CountingCache(RedisCache):
    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        found = super().get(key, NOTHING, version)
        if found is NOTHING:
            CACHE_READS.add("miss")
            return default
        CACHE_READS.add("hit")
        return found
