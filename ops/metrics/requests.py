"""What a request cost: its time and its statements, by the name of its view."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

from common.metrics import REQUEST_QUERIES, REQUEST_SECONDS, REQUESTS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLASSES = {number: f"{number}xx" for number in range(1, 6)}
# Static files, probes, and addresses that there are not.
NO_VIEW = "none"


class Queries(threading.local):
    """Of the request that this thread is at."""

    count = 0


queries = Queries()


class MetricsMiddleware:
    """Stands outermost, so that what others do is part of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        queries.count = 0
        # Of the connection that this request has: a thread may get another one, as with an event loop beside it.
        wrappers = connection.execute_wrappers
        if count_query not in wrappers:
            # In front: what others add for a while is taken off the end.
            wrappers.insert(0, count_query)
        response = self.get_response(request)
        view = view_of(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.add(view, str(method), CLASSES.get(response.status_code // 100, "other"))
        REQUEST_SECONDS.observe(perf_counter() - begun, view)
        REQUEST_QUERIES.observe(queries.count, view)
        return response


def count_query(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    queries.count += 1
    return execute(sql, params, many, context)


def view_of(request: HttpRequest) -> str:
    """The name of the view, of which there are as many as routes."""
    match = request.resolver_match
    return match.view_name if match else NO_VIEW
