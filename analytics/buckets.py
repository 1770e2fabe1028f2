"""Numbers in buckets that grow by a tenth each, so that medians and percentiles of any days can be told from counts.

What is told lies within 5 per cent of the number that is meant; for fewer than a thousandth, of a thousandth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

GROWTH = 1.1
# Less than that is all in the first bucket.
LEAST = 0.001


def bucket_sql(number: str) -> str:
    """SQL for the number of the bucket in which a number lies."""
    return f"floor(ln(greatest(({number})::float8, {LEAST}) / {LEAST}) / ln({GROWTH}::float8))::int"


def middle_of(bucket: int) -> float:
    return LEAST * math.pow(GROWTH, bucket + 0.5)


def quantile(counts: Mapping[int, int], part: float) -> float | None:
    """The middle of the bucket in which so large a part (0..1) of the numbers ends; None if there are none."""
    wanted, seen = part * sum(counts.values()), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= wanted and counts[bucket]:
            return middle_of(bucket)
    return None
