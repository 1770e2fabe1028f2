"""What is the same for many, such as pages but for some gaps: made once, and kept in the cache for a while."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from common.release import release
from common.remembering import AnyValue, cache_may_be_away, remembered

# In the memory of a process. A page has some 50 kB: those that are asked for most, and a hundredth of what it takes.
MOST_NEAR = 64


class Near:
    """What was kept, in the memory of this process: fetching a page from Valkey takes longer than filling it.

    Whatever changes makes another key, so nothing here has to be told of that.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        # With the moments between which each is true: none is, once the clock was put back.
        self.pages: OrderedDict[str, tuple[float, float, Any]] = OrderedDict()

    def get(self, key: str) -> Any:
        """None if it is not here, or no longer true."""
        with self.lock:
            since, until, page = self.pages.get(key, (0.0, 0.0, None))
            if not since <= time.time() < until:
                return None
            self.pages.move_to_end(key)
            return page

    def put(self, key: str, page: Any, *, until: float) -> None:
        with self.lock:
            self.pages[key] = time.time(), until, page
            self.pages.move_to_end(key)
            if len(self.pages) > MOST_NEAR:
                self.pages.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.pages.clear()


near = Near()


def kept(make: Callable[[], AnyValue], *facts: object, seconds: int) -> AnyValue:
    """What `make` makes, kept under all that decides what that is; so whatever changes makes another one.

    For what no fact tells of, it is shown as it was up to so many seconds ago.
    """
    if settings.DEBUG:
        # A template that is being written is shown as it is.
        return make()
    # Each release has its own, so that one that comes in does not make every page anew until the other is gone.
    told = (release(), *facts)
    key = f"page:{sha256(repr(told).encode()).hexdigest()}"
    if (found := near.get(key)) is not None:
        page: AnyValue = found
        return page
    page, until = remembered(key, lambda: (make(), time.time() + seconds), seconds=seconds)
    # Another process may have made it a while ago, by a clock that is not ours.
    near.put(key, page, until=min(until, time.time() + seconds))
    return page


def generation(of: str) -> str:
    """A fact for `kept`: another one after each change of what it is named for (`begin_generation`)."""
    found = unknown = uuid.uuid4().hex
    with cache_may_be_away("pages are not kept"):
        found = cache.get(key_of(of)) or ""
        if not found:
            # Whoever is first says it.
            cache.add(key_of(of), unknown, None)
            found = cache.get(key_of(of), unknown)
    return found


def begin_generation(of: str) -> None:
    """Call it in the transaction that changes something, after the change.

    It acts now, for a process that dies between its commit and what follows it, and once more after the commit, for
    whoever has made a page of the state of before in the meantime.
    """
    if transaction.get_connection().in_atomic_block:
        renew(of)
    transaction.on_commit(lambda: renew(of))


def renew(of: str) -> None:
    with cache_may_be_away("a change may be seen late"):
        cache.set(key_of(of), uuid.uuid4().hex, None)


def key_of(of: str) -> str:
    return f"generation:{of}"


def for_visitors(request: HttpRequest, page: str | bytes) -> HttpResponse:
    """What is the same for all who are not signed in: sent only to whom has not got it yet (304)."""
    response = HttpResponse(page)
    response["ETag"] = f'W/"{sha256(response.content).hexdigest()[:32]}"'
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Cookie"])
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
