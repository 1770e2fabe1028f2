"""Tokens for browsers: in cookies that no script can read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.middleware.csrf import get_token
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import devices
from accounts.services.sessions import Tokens
from accounts.visits import ACCESS_COOKIE, REFRESH_COOKIE


def put_tokens(request: Request, response: Response, tokens: Tokens) -> None:
    """Set both cookies, and the one that scripts copy into X-CSRFToken."""
    put(response, ACCESS_COOKIE, tokens.access, tokens.access_expires_at, samesite="Lax")
    put(response, REFRESH_COOKIE, tokens.refresh, tokens.refresh_expires_at, samesite="Strict")
    get_token(request._request)
    devices.remember(request._request, response, email=tokens.session.user.email)


def put(response: Response, name: str, value: str, expires_at: datetime, *, samesite: Literal["Lax", "Strict"]) -> None:
    seconds = int((expires_at - timezone.now()).total_seconds())
    response.set_cookie(name, value, max_age=seconds, secure=True, httponly=True, samesite=samesite)


def take_tokens(response: Response) -> None:
    # Browsers ignore a deletion that is not as the cookie was: Secure, and from the root.
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        response.set_cookie(name, "", max_age=0, secure=True, httponly=True, samesite="Lax")
