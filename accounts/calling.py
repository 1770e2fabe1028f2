"""Who sends events to analytics: by an API key, an access token, or the cookies of one of our pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import ApiKeyAuthentication, BearerAuthentication
from accounts.models import ApiKey
from accounts.page_session import session_of
from analytics.callers import Caller, NotAllowed
from common.permissions import MISSING_SCOPE, opens

AREA = "analytics"


def caller_of(request: HttpRequest, trusts_cookies: bool) -> Caller | None:
    """None if nobody has shown who they are. Raises NotAllowed or Limited."""
    # They read the header only, which Django's requests have as well as the framework's.
    asked: Any = request
    try:
        found = ApiKeyAuthentication().authenticate(asked) or BearerAuthentication().authenticate(asked)
    except AuthenticationFailed as error:
        raise NotAllowed(401, str(getattr(error.detail, "code", error.default_code)), str(error.detail)) from error
    if found is not None:
        user, shown = found
        return Caller(user, key_of(shown) if isinstance(shown, ApiKey) else None)
    if not trusts_cookies or "HTTP_AUTHORIZATION" in request.META:
        return None
    # Of the two kinds of cookies that of the website: its pages send events, programs have headers.
    session = session_of(request)
    return Caller(session.user) if session is not None else None


def key_of(key: ApiKey) -> str:
    """Raises NotAllowed without the scope."""
    if not opens(key.scopes, area=AREA, needed="write"):
        raise NotAllowed(403, "missing_scope", MISSING_SCOPE.format(area=AREA, needed="write"))
    return str(key.pk)
