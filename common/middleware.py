"""What every request passes through, outermost first."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from functools import cache

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from common import views
from common.doors import is_in_admin
from common.limits import Limited
from common.logging import binding, tell
from common.outages import Away
from common.request_id import request_id

logger = logging.getLogger(__name__)
requests = logging.getLogger("howtoai.requests")

# Asked again and again, and nothing is learnt from it.
UNTOLD = ("/static/", "/healthz", "/readyz", "/metrics")

LONGEST_QUERY_STRING = 8 * 1024  # bytes
# Bytes of a form with a file of 5 MB; anything else may have DATA_UPLOAD_MAX_MEMORY_SIZE.
LARGEST_FORM = 6 * 1024 * 1024

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id of our own making: in its log lines, its answer and its errors. Logs the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        token = request_id.set(uuid.uuid4().hex)
        try:
            # Without the query: people look for things, and links that sign them in carry secrets there.
            with binding(method=request.method, path=request.path):
                response = self.get_response(request)
                response["X-Request-ID"] = request_id.get()
                if not request.path.startswith(UNTOLD):
                    tell_of(request, response, began)
            return response
        finally:
            request_id.reset(token)


def tell_of(request: HttpRequest, response: HttpResponse, began: float) -> None:
    """One line for each request: what was asked, how it ended, and how long it took until the answer was ready."""
    # Of 503 it is told where something is away, or closed on purpose.
    is_trouble = response.status_code >= 500 and response.status_code != 503
    tell(
        requests,
        logging.WARNING if is_trouble else logging.INFO,
        "%s %s: %s",
        request.method,
        request.path,
        response.status_code,
        status=response.status_code,
        duration_ms=round((time.perf_counter() - began) * 1000, 1),
    )


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """One strict policy for our pages and a looser one for the admin, whose theme needs it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Where nothing asked for another policy, the header is the same each time, and is made once."""
        asked = "_csp_nonce" in vars(request) or any(name.startswith("_csp") for name in vars(response))
        if asked or settings.DEBUG or HEADER in response:
            answer: HttpResponseBase = super().process_response(request, response)
            return answer
        response[HEADER] = policy(is_admin=is_in_admin(request))
        return response

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and is_in_admin(request):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts


@cache
def policy(*, is_admin: bool) -> str:
    made: str = build_policy(config=settings.ADMIN_CONTENT_SECURITY_POLICY if is_admin else None)
    return made


class ErrorPageMiddleware:
    """Shows our own 405, which Django leaves blank, and in development our 400, 403 and 404 too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(response, "explains_itself", False):
            return response
        if isinstance(response, HttpResponseNotAllowed):
            return views.method_not_allowed(request, allowed=response["Allow"])
        show = {400: views.bad_request, 403: views.permission_denied, 404: views.page_not_found}
        if settings.DEBUG and response.status_code in show:
            return show[response.status_code](request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError):
            # Away or overloaded: not a fault of ours to be explained.
            logger.error("the database did not serve %s: %s", request.path, exception)
            return views.unavailable(request)
        if isinstance(exception, Limited):
            return views.too_many_requests(request, exception.retry_after)
        if isinstance(exception, Away):
            logger.error("%s needs what is away: %s", request.path, exception.__cause__ or exception)
            return views.away(request, exception)
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
        # Django counts no files, and would first write them all to the disk.
        is_form = request.content_type == "multipart/form-data"
        if length_of(request) > (LARGEST_FORM if is_form else settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            return views.content_too_large(request)
        # PostgreSQL keeps no null characters, so each would be a fault somewhere further in.
        for name, values in request.GET.lists():
            if any("\0" in text for text in (name, *values)):
                return views.null_character(request, name.replace("\0", ""))
        for name, value in request.COOKIES.items():
            if "\0" in value:
                return views.null_character(request, name)
        return self.get_response(request)


def length_of(request: HttpRequest) -> int:
    """Bytes that the client says it sends; no more are read. What is no number is none, as Django has it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
