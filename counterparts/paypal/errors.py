"""How PayPal says no."""

from __future__ import annotations

import secrets
from typing import Any

Thing = dict[str, Any]

INVALID = "INVALID_PARAMETER_VALUE", "The value of a field is invalid."
MALFORMED = "INVALID_PARAMETER_SYNTAX", "The value of a field does not conform to the expected format."
MISSING = "MISSING_REQUIRED_PARAMETER", "A required field is missing."
TOO_LONG = "INVALID_STRING_MAX_LENGTH", "The value of a field is too long."


class Refusal(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, name: str, message: str, details: list[Thing] | None = None) -> None:
        self.status = status
        self.body: Thing = {"name": name, "message": message, "debug_id": secrets.token_hex(7)}
        if details is not None:
            self.body["details"] = details
        super().__init__(name)


def invalid(issue: tuple[str, str] | None, field: str = "", value: object = None) -> Refusal:
    """400. `issue` is its code and description, or None where the documents name none that fits."""
    details: list[Thing] = []
    if issue is not None:
        details.append({"field": field, "location": "body", "issue": issue[0], "description": issue[1]})
        if value is not None:
            details[0]["value"] = str(value)
    message = "Request is not well-formed, syntactically incorrect, or violates schema."
    return Refusal(400, "INVALID_REQUEST", message, details)


def unauthenticated() -> Refusal:
    message = "Authentication failed due to missing authorization header, or invalid authentication credentials."
    return Refusal(401, "AUTHENTICATION_FAILURE", message)


def not_there(
    description: str = "Specified resource ID does not exist. Please check the resource ID and try again.",
) -> Refusal:
    details = [{"issue": "INVALID_RESOURCE_ID", "description": description}]
    return Refusal(404, "RESOURCE_NOT_FOUND", "The specified resource does not exist.", details)


def unsupported_media_type() -> Refusal:
    message = "The server does not support the request payload's media type."
    return Refusal(415, "UNSUPPORTED_MEDIA_TYPE", message)


def unprocessable(issue: str = "", description: str = "") -> Refusal:
    """422. No issue where the documents name none that fits."""
    message = "The requested action could not be performed, semantically incorrect, or failed business validation."
    details = [{"issue": issue, "description": description}] if issue else []
    return Refusal(422, "UNPROCESSABLE_ENTITY", message, details)


def unavailable() -> Refusal:
    return Refusal(503, "SERVICE_UNAVAILABLE", "Service Unavailable.")
