"""Access tokens in the header or in cookies, and the website's own session.

Imports no views of the REST framework, which import this through the settings.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.models import Session, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.page_session import session_of
from accounts.services import history, sessions
from accounts.tokens import InvalidToken, read_access
from accounts.visits import ACCESS_COOKIE, Visit
from common.logging import bind
from common.openapi import Scheme

REFUSED = "The token is not valid any more. Sign in again or refresh it."


def session_named_by(token: str, request: Request) -> Session:
    """The living session of an access token. Raises AuthenticationFailed, the same for whatever is wrong."""
    try:
        session = sessions.find_alive(read_access(token))
        if session is None:
            raise InvalidToken("its session is over")
    except InvalidToken as error:
        visit = Visit.of(request, Door.API)
        history.record_refusal(Event.REFUSED_TOKEN, visit=visit, reason=f"access token: {error}")
        raise AuthenticationFailed(REFUSED, code="invalid_token") from error
    bind(user_id=session.user_id)
    return session


def refuse_forgery(request: HttpRequest) -> None:
    """Whoever comes with cookies must show that one of our pages sent them. Raises PermissionDenied."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise PermissionDenied("CSRF Failed: the request comes from another site.", code="csrf_failed")
    try:
        SessionAuthentication().enforce_csrf(request)  # type: ignore[arg-type]  # takes Django's request
    except PermissionDenied as error:
        raise PermissionDenied(error.detail, code="csrf_failed") from error


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`; cookies are then ignored."""

    scheme = Scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token that signing in gives to programs (`token_delivery`: `body`).",
        },
    )

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send one token: “Authorization: Bearer …”.", code="invalid_token")
        session = session_named_by(words[1].decode("latin-1"), request)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class CookieAuthentication(BaseAuthentication):
    """The same tokens in cookies that scripts cannot read; then CSRF is enforced."""

    scheme = Scheme(
        "cookie",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": ACCESS_COOKIE,
            "description": "The access token in a cookie that no script can read, as signing in sets it for browsers.",
        },
        needs_token=True,
    )

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        token = request.COOKIES.get(ACCESS_COOKIE)
        if token is None or get_authorization_header(request):
            return None
        try:
            session = session_named_by(token, request)
        except AuthenticationFailed:
            # Browsers send what they have: a dead cookie is as good as none, and must hide neither
            # what is public nor who is signed in on the website.
            return None
        refuse_forgery(request._request)
        return session.user, session


class PageAuthentication(BaseAuthentication):
    """Whoever is signed in on the website, for the scripts of its pages; CSRF is enforced."""

    scheme = Scheme(
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "Whoever is signed in on the website, for the scripts of its pages.",
        },
        needs_token=True,
    )

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        if get_authorization_header(request):
            return None
        session = session_of(request._request)
        if session is None:
            return None
        refuse_forgery(request._request)
        return session.user, session
