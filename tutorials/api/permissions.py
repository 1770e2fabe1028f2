"""Who may write at the API; asked before what they sent is looked at."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from common.permissions import PublicToRead


class WritersWrite(PublicToRead):
    """Everybody reads; whom the view's own rule `may_write` lets, writes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.method in SAFE_METHODS or view.may_write(request.user):
            return True
        self.message = view.not_allowed
        return False
