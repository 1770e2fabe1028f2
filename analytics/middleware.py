"""Pages are counted where they are served: no script needs to run for that, and nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from analytics.events import Event, Name
from analytics.keeping_out import keep_out
from analytics.pages import page_of
from analytics.pipeline import collect
from analytics.requests import VisitOfRequest
from analytics.sources import Source, source_of
from analytics.visits import current

logger = logging.getLogger(__name__)

# A payment provider acts for somebody else than who is behind the request; what it causes has no visit.
NO_VISITS = ("/webhooks/", "/static/")


class PageViewMiddleware:
    """Stands innermost: what others answer in place of a view is no page that somebody looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(NO_VISITS):
            return self.get_response(request)
        visit = VisitOfRequest(request)
        token = current.set(visit)
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        try:
            if page := page_looked_at(request, response):
                count(request, page, visit)
        except Exception:
            # Whatever it is, the page is there and is to be shown.
            logger.exception("a page view was not counted")
        return response


def page_looked_at(request: HttpRequest, response: HttpResponse) -> str:
    """By what name it is counted; empty if it is none, or only a part of one."""
    if request.method != "GET" or request.resolver_match is None or is_fragment(request, response):
        return ""
    is_page = response.status_code == 304 or (
        response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
    )
    return page_of(request.resolver_match) if is_page else ""


def is_fragment(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether htmx swaps it into a page that stays. Links that it follows instead of the browser are pages."""
    meta = request.META
    return (
        "HTTP_HX_REQUEST" in meta
        and "HTTP_HX_BOOSTED" not in meta
        and "HTTP_HX_HISTORY_RESTORE_REQUEST" not in meta
        and "HX-Push-Url" not in response
    )


def count(request: HttpRequest, page: str, visit: VisitOfRequest) -> None:
    if visit.kept_out:
        keep_out(visit.kept_out)
        return
    came = source_of(request.GET, request.META.get("HTTP_REFERER", ""), request.get_host())
    collect(
        Event(
            Name.PAGE_VIEW,
            subject=page,
            user_id=visit.user_id,
            visitor=visit.visitor,
            audience=visit.audience,
            source=came.source,
            properties=properties_of(came),
        )
    )


def properties_of(came: Source) -> dict[str, str]:
    return {name: text for name, text in (("medium", came.medium), ("campaign", came.campaign)) if text}
