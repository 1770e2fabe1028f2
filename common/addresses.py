"""Addresses of our pages."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.urls import reverse


# Hot pages show them again and again, and making one takes longer than showing it.
@lru_cache(maxsize=10_000)
def address_of(name: str, *args: str | int) -> str:
    """As `reverse`, of which the last ones that were asked for are kept."""
    return reverse(name, args=args)


def absolute(path: str) -> str:
    """The one home of a page of ours on the web, whatever host a request names. `path` begins with a slash."""
    if not path.startswith("/"):
        raise ValueError(f"{path} is not a path of ours: it must begin with a slash.")
    return f"{settings.SITE_URL}{path}"
