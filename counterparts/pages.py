"""What the pages of both stand-ins share."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from counterparts import settings


def style(request: HttpRequest) -> HttpResponse:
    """Read each time: it is small, and whoever edits it wants to see it."""
    return HttpResponse((settings.FOLDER / "style.css").read_bytes(), content_type="text/css")
