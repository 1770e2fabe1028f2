"""Addresses of pages that hot pages show again and again: making one takes longer than showing it."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=10_000)
def address_of(name: str, *args: str | int) -> str:
    """As `reverse`, of which the last ones that were asked for are kept."""
    return reverse(name, args=args)
