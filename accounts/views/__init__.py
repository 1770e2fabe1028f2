"""Pages of people: what they show, and what they set."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Whoever is here: LoginRequiredMiddleware has sent everybody else to sign in."""
    return cast("User", request.user)
