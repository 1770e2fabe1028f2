"""Which part of the website a request came to."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest
from django.urls import reverse


def is_in_admin(request: HttpRequest) -> bool:
    return request.path.startswith(admin_path())


@cache
def admin_path() -> str:
    return reverse("admin:index")
