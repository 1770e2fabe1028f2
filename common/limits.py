"""Rate limits, and delays that grow with each failure: how often somebody may do something.

Kept in the cache. If it is away, everything goes through and an error is logged: a limit that
nobody can count is no reason to lock everybody out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import cast

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.utils.crypto import salted_hmac
from django_ratelimit.core import get_usage
from redis import RedisError

from common.moments import rounded_up
from common.remembering import cache_may_be_away

FREE_FAILURES = 5
LONGEST_DELAY = 60  # seconds
MEMORY = 15 * 60  # seconds after the last failure

# One step on the server, so of any number of guesses at once no more get through than of as many
# one after another. A refused attempt is not counted, or impatience would lengthen the delay.
# Redis has numbers and no fractions, hence the milliseconds. Answers the milliseconds to wait.
ATTEMPT = """
local now, free, longest, memory = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call("HMGET", KEYS[1], "failures", "last", "until")
local failures, last, again = tonumber(kept[1]) or 0, tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
if now < again then
  return again - now
end
if now - last >= memory then
  failures = 0
end
failures = failures + 1
again = now
if failures > free then
  again = now + math.min(1000 * 2 ^ (failures - free - 1), longest)
end
redis.call("HSET", KEYS[1], "failures", failures, "last", now, "until", again)
redis.call("PEXPIRE", KEYS[1], memory)
return 0
"""

# Several counts at once, each spent only if all have enough left. Answers the milliseconds to wait.
TOGETHER = """
local uses, period, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
for place, key in ipairs(KEYS) do
  if (tonumber(redis.call("GET", key)) or 0) + uses > tonumber(ARGV[2 + place]) then
    wait = math.max(wait, redis.call("PTTL", key), 1)
  end
end
if wait > 0 then
  return wait
end
for place, key in ipairs(KEYS) do
  if redis.call("INCRBY", key, uses) == uses then
    redis.call("PEXPIRE", key, period)
  end
end
return 0
"""


class Limited(Exception):
    """Too often. Its text is for the person who asked; both doors answer 429 with it."""

    def __init__(self, retry_after: int) -> None:
        """`retry_after`: seconds until it makes sense to try again, at least 1."""
        self.retry_after = max(1, retry_after)
        super().__init__(f"Too many attempts in a short time. Try again in {rounded_up(self.retry_after, least=1)}.")


def spend(name: str, key: str, rate: str) -> None:
    """Count one use of `key` for the limit called `name`. Raises Limited beyond the rate.

    `rate` is uses per period: "20/m", "5/h", "3/10m". The key may be an address or an e-mail
    address; it is not stored. One limit is one name with one rate.
    """
    digest = conceal(name, key)
    with cache_may_be_away(f"the limit {name} is not held"):
        # Not that it is asked about: the engine only hands the request to the key.
        usage = get_usage(None, group=name, key=lambda _group, _request: digest, rate=rate, increment=True)
        if usage["count"] == 0:
            # How the engine says that the key went away while it counted.
            raise RedisError("the count was lost")
        if usage["should_limit"]:
            # The period ends with the last second, not before it.
            raise Limited(usage["time_left"] + 1)


def spend_together(limits: Mapping[tuple[str, str], int], uses: int, *, seconds: int) -> None:
    """Count so many uses of each key, by its name and key, in spans of so many seconds. Raises Limited.

    Beyond the limit of one of them none is counted: whoever sends too much at once may send less.
    """
    with cache_may_be_away(f"the limits {', '.join(name for name, _ in limits)} are not held"):
        cache = counting_cache()
        keys = [cache.make_key(f"uses:{conceal(name, key)}") for name, key in limits]
        client = cache._cache.get_client(write=True)
        wait = client.eval(TOGETHER, len(keys), *keys, uses, seconds * 1000, *limits.values())
        if wait:
            raise Limited(math.ceil(int(wait) / 1000))


def attempt(name: str, key: str) -> None:
    """Call before something is tried that may fail, such as a password. Raises Limited while a delay runs.

    It counts as a failure already now, since otherwise many tried at once would all find the
    count of before; call `forgive` when it succeeds. The first 5 failures are free, the next
    ones delay by 1, 2, 4 ... up to 60 seconds, and 15 minutes after the last all are forgotten.
    """
    with cache_may_be_away(f"the limit {name} is not held"):
        cache = counting_cache()
        wait = cache._cache.get_client(write=True).eval(
            ATTEMPT,
            1,
            cache.make_key(delay_key(name, key)),
            int(time.time() * 1000),
            FREE_FAILURES,
            LONGEST_DELAY * 1000,
            MEMORY * 1000,
        )
        if wait:
            raise Limited(math.ceil(int(wait) / 1000))


def forgive(name: str, key: str) -> None:
    """Forget the failures of this key: it was the right person after all."""
    with cache_may_be_away(f"the limit {name} is not held"):
        counting_cache().delete(delay_key(name, key))


def counting_cache() -> RedisCache:
    """Django's cache, also for what only a script can do in one step."""
    return cast("RedisCache", caches["default"])


def delay_key(name: str, key: str) -> str:
    return f"delay:{conceal(name, key)}"


def conceal(name: str, key: str) -> str:
    """A key for the cache that tells nobody who it is about."""
    return salted_hmac(f"common.limits.{name}", key, algorithm="sha256").hexdigest()
