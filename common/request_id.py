"""The id that ties a response, its log lines and an error report together.

Read while logging is set up, before any app: it imports nothing of ours.
"""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
