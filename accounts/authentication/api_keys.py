"""`Authorization: Api-Key hta_…`: programs that act for somebody. Cookies and CSRF play no part in it."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.keys import InvalidKey
from accounts.models import ApiKey, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.services import api_keys, history
from accounts.visits import Visit
from common.logging import bind
from common.openapi import Scheme

REFUSED = "The API key is not valid. Check it, or make a new one."


class ApiKeyAuthentication(BaseAuthentication):
    """From the header only: keys in addresses and cookies end up in logs and in browsers."""

    scheme = Scheme(
        "apiKey",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key hta_…`: for programs that act for somebody. A key does what its scopes open, up "
            "to its `rate` (600 requests a minute).",
        },
        has_scopes=True,
    )

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        words = get_authorization_header(request).split(maxsplit=1)
        if not words or words[0].lower() != b"api-key":
            return None
        try:
            key = api_keys.find_alive(b"".join(words[1:]).decode("latin-1"))
        except InvalidKey as error:
            visit = Visit.of(request, Door.API)
            history.record_refusal(Event.REFUSED_TOKEN, visit=visit, user=error.owner, reason=f"API key: {error}")
            # The same words for whatever is wrong.
            raise AuthenticationFailed(REFUSED, code="invalid_api_key") from error
        bind(user_id=key.user_id)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        # The framework asks the first class only, so this names the way of the others too.
        return 'Bearer realm="api", Api-Key realm="api"'
