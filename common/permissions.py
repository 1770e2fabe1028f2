"""Who may call a view of the API. Every view has exactly one of these; a member is the default.

They stand below all apps that have views, so they know people and keys by what they can say of themselves only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


NO_KEYS = "API keys do not open this. Sign in instead."
MISSING_SCOPE = "This API key does not have the scope “{area}:{needed}”."


class Scoped(BasePermission):
    """An API key opens what its scopes name; views say their `area`, and those without one take no keys."""

    # Said only when it is the scope that is missing: subclasses refuse for other reasons too.
    message: str | None = None
    code: str | None = None

    def has_permission(self, request: Request, view: APIView) -> bool:
        # What a request comes with has scopes if it is a key (accounts.models.ApiKey); sessions have none.
        scopes: list[str] | None = getattr(request.auth, "scopes", None)
        if scopes is None:
            return True
        area: str | None = getattr(view, "area", None)
        needed = "read" if request.method in SAFE_METHODS else "write"
        if area is None:
            self.message, self.code = NO_KEYS, "api_key_refused"
            return False
        if not opens(scopes, area=area, needed=needed):
            self.message, self.code = MISSING_SCOPE.format(area=area, needed=needed), "missing_scope"
            return False
        return True

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return True


def opens(scopes: list[str], *, area: str, needed: str) -> bool:
    """Whether these scopes allow to `read` or `write` in an area; writing includes reading."""
    enough = {"write", f"{area}:write"} | ({"read", f"{area}:read"} if needed == "read" else set())
    return not enough.isdisjoint(scopes)


class Public(Scoped):
    """Everybody, also without signing in."""


class Member(Scoped):
    """Whoever has signed in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_authenticated) and super().has_permission(request, view)


class PublicToRead(Scoped):
    """Everybody reads; to write one signs in first."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        may_ask = request.method in SAFE_METHODS or bool(request.user.is_authenticated)
        return may_ask and super().has_permission(request, view)


class Staff(Member):
    """Staff, in production only with a second factor."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and bool(getattr(request.user, "acts_as_staff", False))
