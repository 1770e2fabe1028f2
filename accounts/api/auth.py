"""`/api/auth/…`: signing up, in and out, and renewing tokens."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.api.cookies import put_tokens, take_tokens
from accounts.api.serializers import (
    LoginSerializer,
    MeSerializer,
    RefreshSerializer,
    SignUpSerializer,
)
from accounts.api.shapes import SignedIn, TokensGiven
from accounts.authentication.tokens import REFUSED, refuse_forgery
from accounts.models import User
from accounts.models.sessions import Door
from accounts.services import people, sessions, signing_in
from accounts.services.sessions import Tokens
from accounts.tokens import InvalidToken
from accounts.visits import REFRESH_COOKIE, Visit
from common.api import validated
from common.openapi import OF_ONE_NETWORK, Limit, Refusal, described
from common.permissions import Public

CROSS_SITE = Refusal(403, "csrf_failed", "a page of another site may not have cookies set: ask for tokens in the body")
NO_TOKEN = Refusal(401, "missing_token", "there is no refresh token in the body, and none in a cookie")
REFUSED_TOKEN = Refusal(401, "invalid_token", "the refresh token is malformed, expired, used, or of an ended session")
NO_CSRF_TOKEN = Refusal(403, "csrf_failed", "the refresh token came as a cookie without the right X-CSRFToken")
REFUSALS_AT_LOGIN = (
    Refusal(401, "invalid_credentials", "the address or the password is wrong, or the account is closed"),
    Refusal(401, "second_factor_required", "`code` is missing"),
    Refusal(401, "second_factor_refused", "`code` is wrong, or was used before"),
    CROSS_SITE,
)


def me(request: Request, user: User) -> dict[str, Any]:
    """Somebody as they see themselves."""
    return MeSerializer(user, context={"request": request}).data


@method_decorator(never_cache, name="dispatch")
class AuthView(APIView):
    """A door of its own: whoever is already signed in, and however, plays no part in it."""

    authentication_classes = ()
    permission_classes = (Public,)
    group = "Signing in"

    def get_authenticate_header(self, request: Request) -> str:
        # Without it the framework would answer 403 instead of 401.
        return 'Bearer realm="api"'

    def may_deliver(self, request: Request, delivery: str) -> None:
        """Pages of other sites get no cookies set, or they could sign people in as somebody else."""
        if delivery == "cookie" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise PermissionDenied("Sign in from a page of this site.", code="csrf_failed")

    def visit(self, request: Request) -> Visit:
        return Visit.of(request._request, Door.API)

    def deliver(self, request: Request, tokens: Tokens, delivery: str, body: dict[str, Any]) -> Response:
        """Answer with the tokens where the client wants them."""
        if delivery == "body":
            return Response(body | TokensGiven(tokens).data)
        response = Response(body)
        put_tokens(request, response, tokens)
        return response


class SignUpView(AuthView):
    """Signs in as well, and mails a link to confirm the address."""

    @described(
        "Sign up",
        takes=SignUpSerializer,
        gives={201: SignedIn},
        refuses=(CROSS_SITE,),
        limits=(Limit(limits.BY_NETWORK["sign-up"], OF_ONE_NETWORK),),
    )
    def post(self, request: Request) -> Response:
        fields = validated(SignUpSerializer(data=request.data))
        delivery = fields.pop("token_delivery")
        self.may_deliver(request, delivery)
        session = signing_in.sign_up(**fields, visit=self.visit(request))
        people.send_confirmation(user=session.user, request=request._request)
        tokens = sessions.issue_tokens(session)
        response = self.deliver(request, tokens, delivery, {"user": me(request, session.user)})
        response.status_code = status.HTTP_201_CREATED
        return response


class LoginView(AuthView):
    """Tokens come as cookies, unless `token_delivery` is `body`. Failures at one account delay the next attempt."""

    @described(
        "Sign in",
        takes=LoginSerializer,
        gives=SignedIn,
        refuses=REFUSALS_AT_LOGIN,
        limits=(
            Limit(limits.BY_NETWORK["sign-in"], OF_ONE_NETWORK),
            Limit(limits.GUESSES_AT_ONE_ACCOUNT, "guesses at one account by strangers"),
        ),
    )
    def post(self, request: Request) -> Response:
        fields = validated(LoginSerializer(data=request.data))
        delivery = fields.pop("token_delivery")
        self.may_deliver(request, delivery)
        try:
            session = signing_in.log_in(**fields, visit=self.visit(request))
        except signing_in.Refused as refusal:
            raise AuthenticationFailed(str(refusal), code=refusal.code) from refusal
        tokens = sessions.issue_tokens(session)
        return self.deliver(request, tokens, delivery, {"user": me(request, session.user)})


class RefreshTokenView(AuthView):
    """A view that takes a refresh token from the body, or else from the cookie (then CSRF is enforced)."""

    def shown(self, request: Request) -> tuple[str, str]:
        """The token and how it came (`body` or `cookie`). Raises AuthenticationFailed if there is none."""
        fields = validated(RefreshSerializer(data=request.data))
        if "refresh" in fields:
            return fields["refresh"], "body"
        token = request.COOKIES.get(REFRESH_COOKIE)
        if not token:
            raise AuthenticationFailed("Send the refresh token as “refresh”, or as a cookie.", code="missing_token")
        refuse_forgery(request._request)
        return token, "cookie"


class RefreshView(RefreshTokenView):
    """A refresh token is good once; the answer comes the way that the old one came. One that is used again ends the
    session, since two have it."""

    @described(
        "Exchange a refresh token for new tokens",
        takes=RefreshSerializer,
        gives=TokensGiven,
        refuses=(REFUSED_TOKEN, NO_TOKEN, NO_CSRF_TOKEN),
        limits=(Limit(limits.BY_NETWORK["refresh"], OF_ONE_NETWORK),),
    )
    def post(self, request: Request) -> Response:
        visit = self.visit(request)
        limits.knock("refresh", visit)
        token, delivery = self.shown(request)
        try:
            tokens = sessions.refresh(token=token, visit=visit)
        except InvalidToken as error:
            raise AuthenticationFailed(REFUSED, code="invalid_token") from error
        return self.deliver(request, tokens, delivery, {})


class LogoutView(RefreshTokenView):
    """Ends the session that the refresh token belongs to, also if the token was used."""

    @described("Sign out", takes=RefreshSerializer, refuses=(REFUSED_TOKEN, NO_TOKEN, NO_CSRF_TOKEN))
    def post(self, request: Request) -> Response:
        token, _ = self.shown(request)
        try:
            sessions.log_out(token=token, visit=self.visit(request))
        except InvalidToken as error:
            raise AuthenticationFailed(REFUSED, code="invalid_token") from error
        response = Response(status=status.HTTP_204_NO_CONTENT)
        take_tokens(response)
        return response
