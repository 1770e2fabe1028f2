"""Conditional requests (RFC 9110): what was read before is not sent again, and not written over unread."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Row
from tutorials.services.writing import CHANGED_MEANWHILE


class PreconditionFailed(APIException):
    """Somebody has changed what was read."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = CHANGED_MEANWHILE


def tagged(request: Request, representation: Row) -> Response:
    """With its ETag; without a body for who asks for it anew and names this in If-None-Match."""
    headers = {"ETag": etag_of(representation)}
    if request.method in SAFE_METHODS and names(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(representation, headers=headers)


def must_match(request: Request, representation: Row) -> bool:
    """Whether somebody writes only if it still is as they read it. Raises PreconditionFailed if it is not."""
    if "If-Match" not in request.headers:
        return False
    if not names(request.headers["If-Match"], etag_of(representation)):
        raise PreconditionFailed
    return True


def etag_of(representation: Row) -> str:
    """It differs for people who see different things."""
    return f'"{sha256(JSONRenderer().render(representation)).hexdigest()[:32]}"'


def names(header: str, etag: str) -> bool:
    """Whether a header names this ETag. A proxy that compresses makes it a weak one (W/), which names it as well."""
    named = parse_etags(header)
    return named == ["*"] or etag in {each.removeprefix("W/") for each in named}
