"""The signed-in device behind a request of the website. Imports no views: the API's authentication needs it."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest

from accounts.models import Session
from accounts.models.sessions import Door
from accounts.services import sessions
from accounts.session_store import SESSION_KEY
from common.client import client_address
from common.doors import is_in_admin
from common.logging import bind


def door_of(request: HttpRequest) -> Door:
    return Door.ADMIN if is_in_admin(request) else Door.PAGE


def session_of(request: HttpRequest) -> Session | None:
    """The signed-in device that a request of the website comes from; asked once a request."""
    if not hasattr(request, "device_session"):
        request.device_session = load_session(request)  # type: ignore[attr-defined]
    found: Session | None = request.device_session  # type: ignore[attr-defined]
    return found


def load_session(request: HttpRequest) -> Session | None:
    session_id = request.session.get(SESSION_KEY)
    if session_id is None:
        return None
    session: Session | None = request.session.device  # type: ignore[attr-defined]  # of our SessionStore
    if session is None or str(session.pk) != session_id or not session.is_alive:
        # Ended elsewhere: nothing of it stays in this browser either.
        request.session.flush()
        return None
    sessions.touch(session, find_address=partial(client_address, request))
    bind(user_id=session.user_id)
    return session
