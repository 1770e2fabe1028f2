"""Error pages: the same look for a person, a problem document for a program."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from common import problems
from common.limits import Limited
from common.outages import Away
from common.request_id import request_id

# Fields in which people write at length → what they are called. Where such words cannot be taken, they are shown again.
WRITTEN = {
    "title": "Title",
    "summary": "Summary",
    "body": "Text",
    "text": "Text",
    "note": "Note",
    "message": "Message",
    "bio": "About you",
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # The message of a BadRequest is ours and meant to be read; others may quote the request.
    detail = str(exception) if isinstance(exception, BadRequest) else "The request could not be understood."
    return error(request, status=400, code="bad_request", detail=detail)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # The words of our services say what to do; Django's own are empty.
    detail = str(exception or "") or "You may not see or do this."
    return error(request, status=403, code="permission_denied", detail=detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = "Nothing was sent. Go back, reload the page and send it again."
    # As Django says of an origin, or a page before, that is not ours: what others have sent is nobody's own words.
    written = [] if "checking failed" in reason else written_in(request)
    return error(request, status=403, code="csrf_failed", detail=detail, written=written)


def signed_out(request: HttpRequest, *, sign_in: str) -> HttpResponse:
    """For who sends something after their session has ended: their words, or their page, stay before them.

    `sign_in`: the address at which one signs in.
    """
    detail = "Your session has ended, and nothing was sent. Sign in, then send it again."
    answer = error(request, status=401, code="signed_out", detail=detail, written=written_in(request), sign_in=sign_in)
    # The standard wants a way in to be named; browsers ask nobody for one that they do not know.
    answer["WWW-Authenticate"] = "Session"
    return answer


def written_in(request: HttpRequest) -> list[tuple[str, str]]:
    """What somebody has written into a form that could not be taken, with what each field is called."""
    return [(label, words) for name, label in WRITTEN.items() if (words := request.POST.get(name, "")).strip()]


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error(request, status=404, code="not_found", detail="There is nothing at this address.")


def method_not_allowed(request: HttpRequest, *, allowed: str) -> HttpResponse:
    """Mostly somebody who reloads, or comes back to, the address of a form."""
    detail = "This address only takes what a form sends. Go back to the page with the form."
    answer = error(request, status=405, code="method_not_allowed", detail=detail)
    answer["Allow"] = allowed
    return answer


def uri_too_long(request: HttpRequest) -> HttpResponse:
    return error(request, status=414, code="uri_too_long", detail="The address is too long. Use a shorter search.")


def content_too_large(request: HttpRequest) -> HttpResponse:
    detail = "What you sent is too large. A file may have up to 5 MB, everything else up to 1 MB."
    return error(request, status=413, code="content_too_large", detail=detail)


def null_character(request: HttpRequest, name: str) -> HttpResponse:
    """`name` is the parameter or cookie; the words are those of Django's own validator."""
    fault = {"field": name, "code": "null_characters_not_allowed", "detail": "Null characters are not allowed."}
    detail = f"{name}: {fault['detail']}"
    return error(request, status=400, code="invalid", detail=detail, errors=[fault])


def unavailable(request: HttpRequest) -> HttpResponse:
    page = error(request, status=503, code="unavailable", detail=problems.UNAVAILABLE)
    page["Retry-After"] = str(problems.RETRY_AFTER_SECONDS)
    return page


def away(request: HttpRequest, exception: Away) -> HttpResponse:
    page = error(request, status=503, code="unavailable", detail=str(exception))
    page["Retry-After"] = str(exception.retry_after)
    return page


def too_many_requests(request: HttpRequest, retry_after: int) -> HttpResponse:
    """`retry_after`: seconds."""
    limited = Limited(retry_after)
    page = error(request, status=429, code="throttled", detail=str(limited))
    page["Retry-After"] = str(limited.retry_after)
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors, which may be what failed."""
    if isinstance(sys.exc_info()[1], OperationalError):
        # A middleware asked the database before the view, as for who is signed in: those that look at
        # exceptions hear of views only.
        return unavailable(request)
    detail = "Something failed on our side, and it has been recorded."
    if request.path.startswith(problems.API_PREFIX):
        return problems.response(request, status=500, code="error", detail=detail)
    page = loader.get_template("errors/500.html").render({"request_id": request_id.get()})
    return HttpResponse(page, status=500)


def error(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    **more: Any,
) -> HttpResponse:
    """Answer with the page for this status, which may show `more`, or with the problem document under /api/."""
    if request.path.startswith(problems.API_PREFIX):
        return problems.response(request, status=status, code=code, detail=detail, errors=errors)
    context = {"status": status, "code": code, "detail": detail, **more}
    page = render(request, "errors/error.html", context, status=status)
    return problems.explained(page)
