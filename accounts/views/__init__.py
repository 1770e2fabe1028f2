"""Pages of people: what they show, and what they set."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest

from accounts.page_session import session_of


def proved_at(request: HttpRequest) -> datetime | None:
    """When somebody last proved with this browser who they are: as they signed in, or were asked again."""
    session = session_of(request)
    if session is None:
        return None
    records = request.session.get("account_authentication_methods", [])
    return max([session.authenticated_at, *(datetime.fromtimestamp(record["at"], UTC) for record in records)])
