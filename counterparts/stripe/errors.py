"""How Stripe refuses."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer that is no success: its status, and what stands beneath `error`."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "type": kind} | {name: value for name, value in more.items() if value}


def missing(noun: str, thing_id: str, param: str) -> Refused:
    return Refused(404, f"No such {noun}: '{thing_id}'", code="resource_missing", param=param)


def invalid(message: str, param: str = "", code: str = "") -> Refused:
    return Refused(400, message, param=param, code=code)
