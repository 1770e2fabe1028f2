"""Error pages: the same look for a person, a problem document for a program."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from common import problems
from common.request_id import request_id


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # The message of a BadRequest is ours and meant to be read; others may quote the request.
    detail = str(exception) if isinstance(exception, BadRequest) else "The request could not be understood."
    return error(request, status=400, code="bad_request", detail=detail)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error(request, status=403, code="permission_denied", detail="You may not see or do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = "The form had expired. Go back, reload the page and send it again."
    return error(request, status=403, code="csrf_failed", detail=detail)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error(request, status=404, code="not_found", detail="There is nothing at this address.")


def uri_too_long(request: HttpRequest) -> HttpResponse:
    return error(request, status=414, code="uri_too_long", detail="The address is too long. Use a shorter search.")


def null_character(request: HttpRequest, name: str) -> HttpResponse:
    """`name` is the parameter or cookie; the words are those of Django's own validator."""
    fault = {"field": name, "code": "null_characters_not_allowed", "detail": "Null characters are not allowed."}
    detail = f"{name}: {fault['detail']}"
    return error(request, status=400, code="invalid", detail=detail, errors=[fault])


def unavailable(request: HttpRequest) -> HttpResponse:
    page = error(request, status=503, code="unavailable", detail=problems.UNAVAILABLE)
    page["Retry-After"] = str(problems.RETRY_AFTER_SECONDS)
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors, which may be what failed."""
    detail = "Something failed on our side, and it has been recorded."
    if request.path.startswith(problems.API_PREFIX):
        return problems.response(request, status=500, code="error", detail=detail)
    page = loader.get_template("errors/500.html").render({"request_id": request_id.get()})
    return HttpResponse(page, status=500)


def error(
    request: HttpRequest, *, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None
) -> HttpResponse:
    """Answer with the page for this status, or with the problem document under /api/."""
    if request.path.startswith(problems.API_PREFIX):
        return problems.response(request, status=status, code=code, detail=detail, errors=errors)
    page = render(request, "errors/error.html", {"status": status, "detail": detail}, status=status)
    return problems.explained(page)
