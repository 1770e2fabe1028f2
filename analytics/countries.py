"""The country of a time zone, which browsers tell; an address, which could tell it too, is not looked at for that."""

from __future__ import annotations

import logging
import zoneinfo
from collections.abc import Iterator
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

# In the order in which they are believed: in the second a zone has the countries of all that share it, the
# largest first, and in the first each country its own.
TABLES = ("zone.tab", "zone1970.tab")
# All rules as text; a line "L target name" says that a zone, such as Asia/Calcutta, is called another way now.
RULES = "tzdata.zi"


def country_of(time_zone: str) -> str:
    """ISO 3166-1 alpha-2; empty for a zone that belongs to none, such as UTC, and for what is no zone."""
    return countries().get(time_zone, "")


@cache
def countries() -> dict[str, str]:
    """By zone. Read once, from the time zones of the system."""
    found: dict[str, str] = {}
    for table in TABLES:
        for line in lines(table):
            if not line.startswith("#"):
                codes, _, zone, *_ = line.split("\t")
                found.setdefault(zone, codes.partition(",")[0])
    for line in lines(RULES):
        if line.startswith("L "):
            _, target, name = line.split()
            if target in found:
                found.setdefault(name, found[target])
    if not found:
        logger.warning("no table of time zones was found in %s: countries stay unknown", zoneinfo.TZPATH)
    return found


def lines(name: str) -> Iterator[str]:
    """Of the first file of this name; none where there is none."""
    path = next((path for folder in zoneinfo.TZPATH if (path := Path(folder) / name).is_file()), None)
    if path is not None:
        yield from path.read_text(encoding="utf-8").splitlines()
