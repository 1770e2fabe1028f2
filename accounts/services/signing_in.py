"""Proving who one is with a password and, where there is one, a second factor."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import InvalidToken
from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone
from redis import RedisError

from accounts import limits
from accounts.models import User
from accounts.models.history import Event
from accounts.services import history, people, sessions
from common.limits import Limited

if TYPE_CHECKING:
    from accounts.models import Session
    from accounts.visits import Visit


logger = logging.getLogger(__name__)

WRONG_PASSWORD = "The password is wrong."  # noqa: S105 - what we say of it
# An app shows each for half a minute; the rest is for a clock that was set meanwhile.
LIFE_OF_A_CODE = timedelta(seconds=90)


class Refused(Exception):
    """Somebody could not prove who they are; `code` is for programs, the text for people."""

    code = "invalid_credentials"
    message = "The e-mail address or the password is wrong."

    def __init__(self) -> None:
        super().__init__(self.message)


class SecondFactorRequired(Refused):
    code = "second_factor_required"
    message = "This account needs a second factor: send the code of your app, or a recovery code, as “code”."


class PasskeyOnly(Refused):
    code = "second_factor_required"
    message = "This account signs in with a passkey: sign in on the website, and make an API key for programs."


class SecondFactorRefused(Refused):
    code = "second_factor_refused"
    message = "The code is wrong or was used before. Wait for the next one."


def check_password(*, email: str, password: str, visit: Visit) -> User:
    """The person with this address and password.

    Raises Refused, in the same words and the same time for an unknown address, a wrong password
    and a banned person, or Limited.
    """
    try:
        limits.knock("sign-in", visit)
        limits.attempt_password(email, visit)
    except Limited:
        history.record_refusal(Event.LIMITED, visit=visit, email=email, reason="sign-in")
        raise
    user = authenticate(None, username=email, password=password)
    if not isinstance(user, User):
        known = User.objects.filter(email=User.objects.normalize_email(email)).first()
        reason = "unknown address" if known is None else "wrong password" if known.is_active else "banned"
        history.record_refusal(Event.FAILURE, visit=visit, user=known, email=email, reason=reason)
        raise Refused
    limits.forgive_password(email, visit)
    return user


def prove_second_factor(*, user: User, code: str) -> Authenticator | None:
    """The app or the list of recovery codes that this code belongs to; each code is good once.

    Guesses are counted per person, whichever door they come through. Raises Limited while a delay runs.
    """
    limits.attempt_second_factor(user)
    with transaction.atomic():
        # Locked, so that a code sent twice at once is good once.
        of_codes = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
        for authenticator in of_codes.select_for_update().order_by("pk"):
            if accepts(authenticator, code):
                authenticator.record_usage()
                limits.forgive_second_factor(user)
                return authenticator
    return None


def accepts(authenticator: Authenticator, code: str) -> bool:
    try:
        return bool(authenticator.wrap().validate_code(code))
    except InvalidToken:
        # SECRET_KEY was changed and its fallback is gone (docs/operations.md).
        logger.error("a second factor's secret can no longer be decrypted")
        return False
    except RedisError:
        # The code was right: allauth asks the cache only whether it was used before. Without the
        # cache nothing that was used a moment ago is taken again.
        last = authenticator.last_used_at
        return last is None or timezone.now() - last > LIFE_OF_A_CODE


def check_second_factor(*, user: User, code: str, visit: Visit) -> None:
    """Check a code of an app, or a recovery code. Raises SecondFactorRefused or Limited."""
    limits.knock("second factor", visit)
    authenticator = prove_second_factor(user=user, code=code)
    if authenticator is None:
        history.record_refusal(Event.SECOND_FACTOR_FAILURE, visit=visit, user=user, reason="wrong code")
        raise SecondFactorRefused
    kind = str(authenticator.get_type_display())
    history.record(Event.SECOND_FACTOR, visit=visit, user=user, reason=kind)


def log_in(*, email: str, password: str, code: str = "", visit: Visit) -> Session:
    """Sign in with everything in one request, as programs do. Raises Refused or Limited."""
    user = check_password(email=email, password=password, visit=visit)
    needs_code = is_mfa_enabled(user)
    if needs_code and not code:
        history.record_refusal(Event.SECOND_FACTOR_FAILURE, visit=visit, user=user, reason="no code")
        raise SecondFactorRequired if has_codes(user) else PasskeyOnly
    if needs_code:
        check_second_factor(user=user, code=code, visit=visit)
    try:
        reason = "password and second factor" if needs_code else "password"
        return sessions.start(user=user, visit=visit, reason=reason)
    except sessions.StaleProof as error:
        history.record_refusal(Event.FAILURE, visit=visit, user=user, reason="changed while signing in")
        raise Refused from error


def has_codes(user: User) -> bool:
    """Whether one of this person's second factors is a code that can be typed."""
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN).exists())


def confirm_password(*, user: User, password: str, visit: Visit) -> bool:
    """Whether somebody who is signed in knows the password; guesses are counted as at the sign-in. Raises Limited."""
    limits.attempt_password(user.email, visit)
    if not user.check_password(password):
        history.record_refusal(Event.FAILURE, visit=visit, user=user, reason="wrong password, signed in")
        return False
    limits.forgive_password(user.email, visit)
    return True


def hold_password(*, user: User, password: str) -> None:
    """To the end of the transaction nobody changes it. Raises StaleProof if it was changed since it was confirmed."""
    current = User.objects.select_for_update().filter(pk=user.pk).first()
    # The same may have been hashed anew.
    if current is None or (current.password != user.password and not current.check_password(password)):
        raise sessions.StaleProof


def sign_up(*, email: str, password: str, name: str, visit: Visit) -> Session:
    """Make an account and sign in. Raises ValidationError by field, or Limited.

    That an address is taken is said openly, since whoever signs up has to know; the limit keeps
    it from being used to ask for many.
    """
    try:
        limits.knock("sign-up", visit)
    except Limited:
        history.record_refusal(Event.LIMITED, visit=visit, email=email, reason="sign-up")
        raise
    with transaction.atomic():
        user = people.register(email=email, password=password, name=name)
        return sessions.start(user=user, visit=visit, event=Event.SIGN_UP, reason="password")
