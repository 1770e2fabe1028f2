"""What unfold's first page is given (UNFOLD["DASHBOARD_CALLBACK"])."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ops import desk


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    user = request.user
    return context | {
        "title": "Desk",
        "numbers": desk.numbers(user),
        "errands": desk.errands(user),
        "promise": desk.promise(user),
        "own": desk.own(user),
    }
