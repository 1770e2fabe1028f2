"""Who sends us events: an upper app, which knows keys, tokens and sessions, says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


class NotAllowed(Exception):
    """Somebody showed something that does not open this door; the text is for them."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Caller:
    """`user` is None for a visitor, `key` that of a program's limit, None for a browser."""

    user: Any | None = None
    key: str | None = None


class Callers:
    find: Callable[[HttpRequest, bool], Caller | None] = staticmethod(lambda _request, _trusts_cookies: None)


def tell_callers(find: Callable[[HttpRequest, bool], Caller | None]) -> None:
    """`find` gets a request and whether its cookies may be looked at; None: nobody has shown who they are.

    It raises NotAllowed, or Limited.
    """
    Callers.find = staticmethod(find)  # type: ignore[method-assign]
