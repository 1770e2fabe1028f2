"""Health probes, answered before anything asks which host they were sent to; and the site while it is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse

from ops import maintenance, views
from ops.metrics.exposition import may_read

logger = logging.getLogger(__name__)

PROBES = {"/healthz": views.healthz, "/readyz": views.readyz}
METRICS = "/metrics"
# What it takes to sign in, so that staff can.
OPEN_PAGES = (
    *("account_login", "account_logout", "account_request_login_code", "account_confirm_login_code"),
    *("account_reauthenticate", "mfa_authenticate", "mfa_reauthenticate", "mfa_login_webauthn"),
    *("google_login", "google_callback", "github_login", "github_callback"),
)


class HealthMiddleware:
    """Answers probes and Prometheus. Both ask by address, which is not among ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is not None:
            return probe(request)
        if request.path_info == METRICS and may_read(request):
            return views.metrics(request)
        return self.get_response(request)


class MaintenanceMiddleware:
    """Stands behind the one that says who is asking, and asks that only while the site is closed.

    Webhooks of payment providers are closed too: what is written now may be gone when a backup takes the place of the
    database, and a provider that was told 200 never sends it again. After a 503 both do, for three days.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = maintenance.current()
        if now is None or request.path_info in open_paths() or is_staff(request):
            return self.get_response(request)
        return views.closed(request, now)


@cache
def open_paths() -> frozenset[str]:
    found = set()
    for name in OPEN_PAGES:
        try:
            found.add(reverse(name))
        except NoReverseMatch:
            # A provider for which there are no keys.
            continue
    return frozenset(found)


def is_staff(request: HttpRequest) -> bool:
    """Whether somebody of the staff is signed in. Without a database nobody is."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    try:
        return request.user.is_authenticated and request.user.acts_as_staff
    except Error as error:
        logger.warning("during maintenance nobody can be asked for: %s", error)
        return False
