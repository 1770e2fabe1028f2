"""What we depend on may be away."""

from __future__ import annotations

RETRY_AFTER = 60  # seconds


class Away(Exception):
    """Something outside does not answer. The text is for the person who asked; both doors answer 503 with it."""

    retry_after = RETRY_AFTER
