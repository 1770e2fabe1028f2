"""Who asks, once whoever stands at the door has let them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

    from accounts.models import User


def member(request: HttpRequest | Request) -> User:
    """Whoever asks: LoginRequiredMiddleware has sent everybody else to sign in, the API's Member has refused them."""
    return cast("User", request.user)
