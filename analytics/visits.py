"""Who is there just now: what the request in progress tells about whoever made it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from analytics.events import AudienceOf


@dataclass(frozen=True, slots=True)
class Visit:
    # A browser on one day (analytics.visitors); None for whom there is none, such as programs.
    visitor: int | None
    audience: AudienceOf
    # Why nothing of this request is counted; empty if it is.
    kept_out: str


# Set by the middleware for as long as a request lasts; None in tasks and commands.
current: ContextVar[Visit | None] = ContextVar("visit", default=None)
