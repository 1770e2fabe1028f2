"""How a client signs in: its id and secret are good for a token, and the token for nine hours."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse

from counterparts import settings
from counterparts.troubles import troubled
from counterparts.world import new_id, world

LIFE = timedelta(seconds=32_400)


def token(request: HttpRequest) -> HttpResponse:
    """POST /v1/oauth2/token"""
    trouble = troubled("paypal")
    if trouble is not None:
        return trouble
    if not is_known(request.headers.get("Authorization", "")):
        error = {"error": "invalid_client", "error_description": "Client Authentication failed"}
        return JsonResponse(error, status=401)
    if request.POST.get("grant_type") != "client_credentials":
        error = {"error": "unsupported_grant_type", "error_description": "Unsupported grant_type"}
        return JsonResponse(error, status=400)
    made = new_id("A21AA", 80)
    with world.lock:
        world.things["paypal.token"][made] = {"ends": (world.clock.now() + LIFE).isoformat()}
    return JsonResponse(
        {
            "scope": "https://uri.paypal.com/services/subscriptions https://api.paypal.com/v1/payments/.*",
            "access_token": made,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": int(LIFE.total_seconds()),
            "nonce": f"{world.clock.now().isoformat()}{secrets.token_urlsafe(32)}",
        }
    )


def is_known(authorization: str) -> bool:
    """Whether these are our client's id and secret, by Basic authentication."""
    kind, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    wanted = f"{settings.PAYPAL_CLIENT_ID}:{settings.PAYPAL_CLIENT_SECRET}"
    return kind == "Basic" and secrets.compare_digest(given.encode(), wanted.encode())


def is_good(authorization: str) -> bool:
    """Whether this is a token of ours that has not run out."""
    kind, _, given = authorization.partition(" ")
    known = world.things["paypal.token"].get(given)
    return kind == "Bearer" and known is not None and datetime.fromisoformat(known["ends"]) > world.clock.now()
