"""Where an address of the web leads."""

from __future__ import annotations

from urllib.parse import urlsplit


def origin_of(address: str) -> str:
    """Scheme, host and port as browsers and policies write them; empty for what is no address of the web."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""
