"""Who a request of the website comes from, and how often it may knock at the doors of accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import devices, limits
from accounts.models import User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.page_session import door_of, session_of
from accounts.services import history
from accounts.services.sessions import StaleProof
from accounts.visits import ACCESS_COOKIE, Visit
from common.limits import Limited
from common.problems import API_PREFIX
from common.views import signed_out, too_many_requests, written_in

CHANGED_MEANWHILE = "Your account was changed at this moment. Sign in again."


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Instead of the user alone, looks whether the signed-in device is alive: one query for both.

    Pages then tell the time as it is where the person lives; the API knows only UTC.
    """

    def process_request(self, request: HttpRequest) -> None:
        # What an earlier request of this thread activated.
        timezone.deactivate()

        def user() -> User | AnonymousUser:
            session = session_of(request)
            if session is None:
                return AnonymousUser()
            timezone.activate(session.user.profile.time_zone)
            return session.user

        async def auser() -> User | AnonymousUser:
            raise NotImplementedError("the platform is served synchronously")

        request.user = SimpleLazyObject(user)  # type: ignore[assignment]
        request.auser = auser

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Whoever is banned or gets another password while they sign in, or choose a password, is not signed in."""
        if not isinstance(exception, StaleProof):
            return None
        request.session.flush()
        messages.error(request, CHANGED_MEANWHILE)
        return redirect("account_login")

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """What was made for one person is kept by no cache."""
        if request.path.startswith(API_PREFIX):
            patch_vary_headers(response, ("Authorization", "Cookie"))
        shown = "HTTP_AUTHORIZATION" in request.META or ACCESS_COOKIE in request.COOKIES
        if (shown or getattr(request, "device_session", None)) and "Cache-Control" not in response:
            patch_cache_control(response, private=True, no_store=True)
        return response


class LoginRequiredMiddleware(DjangoLoginRequiredMiddleware):
    """Pages are closed unless they say `login_not_required`; the API has permissions of its own."""

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        # Django would look who is asking before it looks whether that matters.
        if not getattr(view, "login_required", True):
            return None
        return super().process_view(request, view, args, kwargs)

    def handle_no_permission(self, request: HttpRequest, view: Any) -> HttpResponseBase:  # type: ignore[override]
        """To sign in, and back: to the page of a form, not to the address that the form was sent to.

        What would be lost on this way stays where it is: words, and the page into a part of which htmx puts the answer.
        """
        is_part: bool = bool(request.htmx)  # type: ignore[attr-defined]  # set by HtmxMiddleware
        if request.method in ("GET", "HEAD") and not is_part:
            return super().handle_no_permission(request, view)
        way = redirect_to_login(page_of(request))
        return signed_out(request, sign_in=way.url) if is_part or written_in(request) else way


def page_of(request: HttpRequest) -> str:
    """The page with the form that was sent, as its browser tells; where it tells none of ours, the first page."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    if page.path and url_has_allowed_host_and_scheme(page.geturl(), allowed_hosts={request.get_host()}):
        return urlunsplit(("", "", page.path, page.query, ""))
    return resolve_url(settings.LOGIN_REDIRECT_URL)


# Name of a page that takes something secret or sends mail → the limit that it shares with the API.
DOORS = {
    "account_signup": "sign-up",
    "account_request_login_code": "mail",
    "account_confirm_login_code": "second factor",
    "account_reset_password": "mail",
    "account_reset_password_from_key": "account",
    "account_email": "mail",
    "account_confirm_email": "account",
    "account_change_password": "account",
    "account_reauthenticate": "account",
    "mfa_authenticate": "second factor",
    "mfa_reauthenticate": "second factor",
    "mfa_activate_totp": "second factor",
    "mfa_login_webauthn": "sign-in",
}


class LimitsMiddleware:
    """Counts what is sent to allauth's pages; password sign-in is counted where it is checked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if email := getattr(request, "just_signed_in", None):
            devices.remember(request, response, email=email)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if request.method != "POST" or name not in DOORS:
            return None
        visit = Visit.of(request, Door.PAGE)
        try:
            limits.knock(DOORS[name], visit)
        except Limited as limited:
            history.record_refusal(Event.LIMITED, visit=visit, reason=DOORS[name])
            return too_many_requests(request, limited.retry_after)
        return None


class SecondFactorMiddleware:
    """Staff work in the admin with a second factor only, where that is required."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = request.user
        if door_of(request) != Door.ADMIN or not user.is_authenticated or not user.is_staff or user.acts_as_staff:
            return None
        messages.warning(request, "Add a second factor first: staff need one to work here.")
        return redirect("mfa_index")
