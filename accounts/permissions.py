"""Who asks at the API, once common.permissions has let them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import User


def member(request: Request) -> User:
    """Whoever asks: Member has refused everybody else."""
    return cast("User", request.user)
