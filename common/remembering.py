"""Answers of the database that are kept in the cache for a short while, and forgotten at once when they change.

The cache may be away: then it only takes longer.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import transaction
from redis import RedisError

from common.release import release

logger = logging.getLogger(__name__)

AnyValue = TypeVar("AnyValue")

# Stands where something was forgotten, for longer than any request takes between its read of the
# database and its write to the cache.
CHANGED = "changed"
CHANGED_FOR = 60  # seconds


@contextmanager
def cache_may_be_away(consequence: str) -> Iterator[None]:
    """Go on without the cache; `consequence` is what the log says of it, such as "the limit x is not held"."""
    try:
        yield
    except RedisError as error:
        logger.error("%s, since the cache does not answer: %s", consequence, error)


def remembered(key: str, find: Callable[[], AnyValue], *, seconds: int) -> AnyValue:
    """What is kept under `key`, or else what `find` says, which is then kept for so many seconds.

    What `find` raises is raised and nothing is kept. The value must be fit for pickle. What another release has kept is
    let be, since its objects may have other fields; but all releases share the key, so that a change is everybody's.
    """
    # Without a cache it is as if everything had just changed: found anew, and not kept.
    kept: Any = CHANGED
    with cache_may_be_away("nothing is remembered"):
        kept = read(key)
    if kept is not None and kept != CHANGED:
        found: AnyValue = kept
        return found
    found = find()
    if kept is None:
        # Only if nothing stands there: whoever changed it since it was found has left a mark,
        # and what was found is the state of before.
        with cache_may_be_away("nothing is remembered"):
            cache.add(key, (release(), pickle.dumps(found, pickle.HIGHEST_PROTOCOL)), seconds)
    return found


def read(key: str) -> Any:
    """What this release has kept there; None if nothing is, CHANGED if it is not for us to keep anything there."""
    stored = cache.get(key)
    if not isinstance(stored, tuple):
        return stored
    by, pickled = stored
    # Unpickled only then: a class of another release may not be here at all.
    return pickle.loads(pickled) if by == release() else CHANGED  # noqa: S301 - we have written it


def forget(*keys: str, marked: int = CHANGED_FOR) -> None:
    """Have what is kept under these found anew. Call it in the transaction that changes it, after the change.

    For so many seconds nothing is kept, lest a request that has read the state of before keeps that. Fewer are
    enough where it would do little harm and finding it each time much.

    It acts now, so that nothing is lost if the process dies between the commit and what follows
    it, and once more after the commit, for transactions that take longer than the mark stands.
    Only if the cache is away at that moment and back with all its content a moment later does
    something outlive its change, at most by the seconds for which it is kept.
    """
    if not keys:
        return
    if transaction.get_connection().in_atomic_block:
        mark_changed(keys, marked)
    transaction.on_commit(lambda: mark_changed(keys, marked))


def mark_changed(keys: tuple[str, ...], seconds: int = CHANGED_FOR) -> None:
    with cache_may_be_away("a change may be seen late"):
        cache.set_many(dict.fromkeys(keys, CHANGED), seconds)
