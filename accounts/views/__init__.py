"""Pages of people: what they show, and what they set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from accounts.page_session import session_of

if TYPE_CHECKING:
    from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Whoever is here: LoginRequiredMiddleware has sent everybody else to sign in."""
    return cast("User", request.user)


def proved_at(request: HttpRequest) -> datetime | None:
    """When somebody last proved with this browser who they are: as they signed in, or were asked again."""
    session = session_of(request)
    if session is None:
        return None
    records = request.session.get("account_authentication_methods", [])
    return max([session.authenticated_at, *(datetime.fromtimestamp(record["at"], UTC) for record in records)])
