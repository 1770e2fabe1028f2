"""The platform as an application of WSGI within the transaction of a test: HTTP goes in, and HTTP comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

SIGNALS = (request_started, request_finished)
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@pytest.fixture
def application(db: None) -> Iterator[Application]:
    """As Django's own test client has it, the connection of the test outlives each request."""
    handler = WSGIHandler()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Each time, since that client connects them again when it is done.
        for signal in SIGNALS:
            signal.disconnect(close_old_connections)
        response: Iterable[bytes] = handler(environ, start_response)
        return response

    yield answer
    for signal in SIGNALS:
        signal.connect(close_old_connections)
