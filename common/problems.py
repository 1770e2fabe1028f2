"""Errors of the API as problem documents (RFC 9457), whichever layer they come from."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    PermissionDenied,
    Throttled,
    ValidationError,
)
from rest_framework.response import Response

from common.limits import Limited
from common.outages import Away
from common.request_id import request_id

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
UNAVAILABLE = "The service cannot answer just now. Try again in a few seconds."
RETRY_AFTER_SECONDS = 5

AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)


def document(
    *, status: int, code: str, detail: str, instance: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The body of a problem; `errors` names the fields of invalid input."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": request_id.get(),
    }
    if errors is not None:
        body["errors"] = errors
    return body


def response(
    request: HttpRequest, *, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None
) -> JsonResponse:
    """A problem for what fails before or outside the REST framework."""
    body = document(status=status, code=code, detail=detail, instance=request.path, errors=errors)
    return explained(JsonResponse(body, status=status, content_type=CONTENT_TYPE))


def explained(answer: AnyResponse) -> AnyResponse:
    """Mark an error that is already in our words, so that ErrorPageMiddleware leaves it alone."""
    answer.explains_itself = True  # type: ignore[attr-defined]  # ours, on a class of Django's
    return answer


class Unavailable(APIException):
    """The database is away or overloaded."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = UNAVAILABLE
    # Makes the framework send Retry-After.
    wait = RETRY_AFTER_SECONDS


class AwayProblem(APIException):
    """Something outside does not answer; the framework sends Retry-After."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"

    def __init__(self, away: Away) -> None:
        super().__init__(str(away))
        self.wait = away.retry_after


class TooMany(Throttled):
    """Somebody has reached a limit; the framework sends Retry-After."""

    def __init__(self, limited: Limited) -> None:
        super().__init__(wait=limited.retry_after)
        # The framework would add a sentence of its own.
        self.detail = ErrorDetail(str(limited), self.default_code)


class ProblemHandler(ExceptionHandler):
    """Also understands what our services, models and limits raise."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, DjangoValidationError):
            return ValidationError(field_messages(exc))
        if isinstance(exc, DjangoPermissionDenied):
            # The framework would drop the words, and the code that some have.
            return PermissionDenied(str(exc) or None, code=getattr(exc, "code", None))
        if isinstance(exc, OperationalError):
            logger.error("the database did not serve the API: %s", exc)
            return Unavailable()
        if isinstance(exc, Limited):
            return TooMany(exc)
        if isinstance(exc, Away):
            logger.error("the API cannot serve what others do not: %s", exc.__cause__ or exc)
            return AwayProblem(exc)
        return super().convert_known_exceptions(exc)

    def report_exception(self, exc: APIException, response: Response) -> None:
        """What others do not answer is in the log already, and no fault of ours to be traced."""
        if not isinstance(exc, AwayProblem):
            super().report_exception(exc, response)

    def get_response(self, exc: APIException, data: dict[str, Any]) -> Response:
        answer = super().get_response(exc, data)
        answer.content_type = CONTENT_TYPE
        return explained(answer)


class ProblemFormatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        status = self.exc.status_code
        errors = [
            {"field": error.attr or "", "code": error.code, "detail": error.detail} for error in error_response.errors
        ]
        invalid = isinstance(self.exc, ValidationError)
        return document(
            status=status,
            code="invalid" if invalid else errors[0]["code"],
            detail="; ".join(f"{error['field']}: {error['detail']}".removeprefix(": ") for error in errors),
            instance=request.path if (request := self.context["request"]) else "",
            errors=errors if invalid else None,
        )


def field_messages(error: DjangoValidationError) -> dict[str, list[ErrorDetail]]:
    """Django's messages and codes by field, with the framework's own name for those of no field."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return {
        "non_field_errors" if field == NON_FIELD_ERRORS else field: [
            ErrorDetail(message, code=fault.code or "invalid") for fault in faults for message in fault.messages
        ]
        for field, faults in by_field.items()
    }
