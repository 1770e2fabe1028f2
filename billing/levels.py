"""The levels of access that there are. Others take them from billing.access."""

from __future__ import annotations

FREE = "free"
PREMIUM = "premium"
# What must be opened to somebody, in the order of the plans.
GATED = (PREMIUM,)
LEVELS = (FREE, *GATED)
