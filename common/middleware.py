"""What every request passes through, outermost first."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from common import views
from common.request_id import request_id

logger = logging.getLogger(__name__)

LONGEST_QUERY_STRING = 8 * 1024  # bytes

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id of our own making: in its log lines, its answer and its errors."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.set(uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Puts the current request's id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """One strict policy for our pages and a looser one for the admin, whose theme needs it."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path.startswith(reverse("admin:index")):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts


class ErrorPageMiddleware:
    """Shows our own 400, 403 and 404 in development too, where Django would explain itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        show = {400: views.bad_request, 403: views.permission_denied, 404: views.page_not_found}
        if settings.DEBUG and response.status_code in show and not getattr(response, "explains_itself", False):
            return show[response.status_code](request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A database that is away or overloaded is a 503, not a fault of ours to be explained."""
        if isinstance(exception, OperationalError):
            logger.error("the database did not serve %s: %s", request.path, exception)
            return views.unavailable(request)
        if isinstance(exception, BadRequest):
            # In development Django would not pass our message on.
            return views.bad_request(request, exception)
        return None


class InputLimitsMiddleware:
    """Refuses what no link or browser of ours sends, before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY_STRING:
            return views.uri_too_long(request)
        # PostgreSQL keeps no null characters, so each would be a fault somewhere further in.
        for name, values in request.GET.lists():
            if any("\0" in text for text in (name, *values)):
                return views.null_character(request, name.replace("\0", ""))
        for name, value in request.COOKIES.items():
            if "\0" in value:
                return views.null_character(request, name)
        return self.get_response(request)
