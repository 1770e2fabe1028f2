"""What countries are called, from the time zones of the system."""

from __future__ import annotations

from functools import cache

from analytics.countries import lines

UNKNOWN = "Unknown"


def name_of(code: str) -> str:
    """Of an ISO 3166-1 alpha-2 code; the code itself where the system has no name for it."""
    return names().get(code, code) or UNKNOWN


@cache
def names() -> dict[str, str]:
    rows = (line.split("\t") for line in lines("iso3166.tab") if not line.startswith("#"))
    return {code: name for code, name, *_ in rows}
