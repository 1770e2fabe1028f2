"""Health probes, answered before anything asks which host they were sent to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ops import views

PROBES = {"/healthz": views.healthz, "/readyz": views.readyz}


class HealthMiddleware:
    """Answers the probes. A load balancer asks by address, which is not among ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)
