"""Every problem that the API answers with (RFC 9457), by its status, and which codes there are."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from common.openapi.describing import Limit, Refusal
from common.problems import CONTENT_TYPE, document

Part = dict[str, Any]

FAULT: Part = {
    "type": "object",
    "description": "What is wrong with one field.",
    "required": ["field", "code", "detail"],
    "properties": {
        "field": {"type": "string", "description": "`non_field_errors` for a fault of no field."},
        "code": {"type": "string", "description": "For programs, such as `required` or `unique`."},
        "detail": {"type": "string", "description": "For people."},
    },
    "examples": [{"field": "email", "code": "unique", "detail": "There is an account with this address already."}],
}
PROBLEM: Part = {
    "type": "object",
    "description": "Every error, whichever layer it comes from (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "`about:blank`: `title` says what the status does."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "For people: what is wrong, and what to do."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {"type": "string", "description": "For programs."},
        "request_id": {"type": "string", "description": "Quote it when you report a fault."},
        "errors": {
            "type": "array",
            "description": "For invalid input only.",
            "items": {"$ref": "#/components/schemas/Fault"},
        },
    },
}
# What any operation may refuse with, if its status fits: status → code → when.
CODES: dict[int, dict[str, str]] = {
    400: {
        "invalid": "a field or parameter is missing or wrong: see `errors`",
        "parse_error": "the body is no JSON",
        "bad_request": "the request is not to be understood",
    },
    401: {
        "not_authenticated": "nothing was sent to sign in with",
        "invalid_token": "the token is malformed, expired, revoked, used, or of an ended session",
        "invalid_api_key": "the API key is malformed, over, or unknown",
    },
    403: {
        "permission_denied": "not for your role, not yours to change, or not yet, or not any more",
        "csrf_failed": "cookies came without the right X-CSRFToken, or from another site's page",
        "api_key_refused": "no API key opens this",
        "missing_scope": "the API key lacks the scope that `detail` names",
    },
    404: {"not_found": "it is not there, or is not yours"},
    406: {"not_acceptable": "the Accept header takes no JSON"},
    412: {"precondition_failed": "somebody has changed what If-Match names"},
    413: {"content_too_large": "more than 1 MB"},
    414: {"uri_too_long": "a query string past 8 kB"},
    415: {"unsupported_media_type": "the body is of another media type"},
    429: {"throttled": "too often; Retry-After says when to come again"},
    500: {"error": "our fault, and recorded"},
    503: {"unavailable": "the database, or what else is needed, does not answer; Retry-After says when to try again"},
}
NAMES = {
    400: "Invalid",
    401: "NotSignedIn",
    403: "Refused",
    404: "NotFound",
    406: "NotAcceptable",
    412: "ChangedMeanwhile",
    413: "TooLarge",
    414: "AddressTooLong",
    415: "UnsupportedMediaType",
    429: "TooOften",
    500: "Failed",
    503: "Unavailable",
}
DETAILS = {
    400: "difficulty: Choose beginner, intermediate or advanced.",
    401: "Authentication credentials were not provided.",
    403: "You do not have permission to perform this action.",
    404: "There is nothing at this address.",
    406: "Could not satisfy the request Accept header.",
    412: "Somebody has changed this meanwhile. Read it again, and then change it.",
    413: "What you sent is too large. A file may have up to 5 MB, everything else up to 1 MB.",
    414: "The address is too long. Use a shorter search.",
    415: "Unsupported media type “text/csv” in request.",
    429: "Too many attempts in a short time. Try again in 12 seconds.",
    500: "Something failed on our side, and it has been recorded.",
    503: "The service cannot answer just now. Try again in a few seconds.",
}
RETRY_AFTER: Part = {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}
HEADERS: dict[int, dict[str, Part]] = {
    401: {"WWW-Authenticate": {"description": "The ways in.", "required": True, "schema": {"type": "string"}}},
    429: {"Retry-After": RETRY_AFTER},
    503: {"Retry-After": RETRY_AFTER},
}
REQUEST_ID: Part = {
    "description": "A name of this request: it stands in our log, and in problems.",
    "required": True,
    "schema": {"type": "string"},
}


def components() -> dict[str, Part]:
    return {
        "schemas": {"Fault": FAULT, "Problem": PROBLEM},
        "responses": {name: problem(status) for status, name in NAMES.items()},
        "headers": {"RequestId": REQUEST_ID},
    }


def problem_of(status: int, refusals: Sequence[Refusal], limits: Sequence[Limit]) -> Part:
    """That of all operations, by reference; or one of its own where there is more to say."""
    own = {refusal.code: refusal.when for refusal in refusals if refusal.status == status}
    if not own and not (limits and status == HTTPStatus.TOO_MANY_REQUESTS):
        return {"$ref": f"#/components/responses/{NAMES[status]}"}
    return problem(status, own, limits if status == HTTPStatus.TOO_MANY_REQUESTS else ())


def problem(status: int, own: dict[str, str] | None = None, limits: Sequence[Limit] = ()) -> Part:
    codes = (own or {}) | CODES.get(status, {})
    lines = [f"{HTTPStatus(status).phrase}.", *(f"- `{code}`: {when}" for code, when in codes.items())]
    if limits:
        lines.append(f"\nAt most {', '.join(str(limit) for limit in limits)}.")
    # A list begins after an empty line.
    lines[0] += "\n"
    return {
        "description": "\n".join(lines),
        "headers": HEADERS.get(status, {}) | {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}},
        "content": {
            CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(status, codes)}
        },
    }


def example(status: int, codes: dict[str, str]) -> Part:
    code = next(iter(codes))
    when = codes[code]
    detail = DETAILS[status] if code in CODES.get(status, {}) else f"{when[0].upper()}{when[1:]}."
    faults = [{"field": "difficulty", "code": "invalid_choice", "detail": "Choose beginner, intermediate or advanced."}]
    body = document(
        status=status, code=code, detail=detail, instance="/api/tutorials", errors=faults if code == "invalid" else None
    )
    return body | {"request_id": "8f1c0f2c6f5b4c0d9a3f6f1f2b7e4d10"}
