"""The id that ties a response, its log lines and an error report together."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
