"""What is the same for many, such as pages but for some gaps: made once, and kept in the cache for a while."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from common.release import release
from common.remembering import AnyValue, cache_may_be_away, remembered


def kept(make: Callable[[], AnyValue], *facts: object, seconds: int) -> AnyValue:
    """What `make` makes, kept under all that decides what that is; so whatever changes makes another one.

    For what no fact tells of, it is shown as it was up to so many seconds ago.
    """
    if settings.DEBUG:
        # A template that is being written is shown as it is.
        return make()
    # Each release has its own, so that one that comes in does not make every page anew until the other is gone.
    told = (release(), *facts)
    return remembered(f"page:{sha256(repr(told).encode()).hexdigest()}", make, seconds=seconds)


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
