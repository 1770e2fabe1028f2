"""Who is there just now: what the request in progress tells about whoever made it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from analytics.events import AudienceOf


class Visiting(Protocol):
    """What is asked of a visit, if anything is: analytics.requests finds it out then."""

    @property
    def visitor(self) -> int | None:
        """A browser on one day (analytics.visitors); None for whom there is none, such as programs."""

    @property
    def audience(self) -> AudienceOf: ...

    @property
    def kept_out(self) -> str:
        """Why nothing of this request is counted; empty if it is."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One of which all is known from the beginning."""

    visitor: int | None
    audience: AudienceOf
    kept_out: str


# Set by the middleware for as long as a request lasts; None in tasks and commands.
current: ContextVar[Visiting | None] = ContextVar("visit", default=None)


@contextmanager
def nobody() -> Iterator[None]:
    """For what is counted whoever noticed it: of the visit in progress nothing is said."""
    token = current.set(None)
    try:
        yield
    finally:
        current.reset(token)
