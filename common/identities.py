"""UUIDs of version 7 (RFC 9562): 48 bits of milliseconds since 1970, so they stand in the order of their times."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

from common.moments import EPOCH, MICROSECOND

VERSION, VARIANT = 7 << 76, 0b10 << 62
# What is left of 128 bits after time, version and variant: 12 above the variant, 62 below it.
UPPER, LOWER = 12, 62


def new_id(milliseconds: int | None = None) -> UUID:
    """One of now, or of a time in milliseconds since 1970."""
    at = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    chance = secrets.randbits(UPPER + LOWER)
    upper, lower = chance >> LOWER, chance & ((1 << LOWER) - 1)
    return UUID(int=at << 80 | VERSION | upper << 64 | VARIANT | lower)


def time_of_id(identity: UUID) -> datetime:
    """When it was made, to the millisecond (UTC). Raises ValueError for another version, and for years to come."""
    if identity.version != 7:
        raise ValueError("not a UUID of version 7")
    return datetime.fromtimestamp((identity.int >> 80) / 1000, tz=UTC)


def first_id(at: datetime) -> UUID:
    """The least of those of this millisecond and later: what is before it is older. For ranges in SQL."""
    return UUID(int=((at - EPOCH) // (1000 * MICROSECOND)) << 80)
