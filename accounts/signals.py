"""What Django and allauth tell us of signing in and out: sessions begin and end, and it is written down.

Signals, because there are many ways in (password, code by mail, passkey, provider, tests), and
each of them ends in Django's own `login`.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import Session, User
from accounts.models.history import Event
from accounts.models.sessions import EndReason
from accounts.page_session import door_of, session_of
from accounts.services import api_keys, history, people, sessions
from accounts.session_store import SESSION_KEY
from accounts.visits import Visit


def visit_of(request: HttpRequest) -> Visit:
    return Visit.of(request, door_of(request))


def start_session(request: HttpRequest, user: User) -> None:
    before = request.session.get(SESSION_KEY)
    if before is not None:
        Session.objects.filter(pk=before, user=user).end(EndReason.REPLACED)
    event = Event.SIGN_UP if getattr(request, "signing_up", False) else Event.LOGIN
    methods = [record["method"] for record in request.session.get("account_authentication_methods", [])]
    session = sessions.start(user=user, visit=visit_of(request), event=event, reason=", ".join(methods))
    request.session[SESSION_KEY] = str(session.pk)
    request.device_session = session  # type: ignore[attr-defined]
    request.just_signed_in = user.email  # type: ignore[attr-defined]


@receiver(user_logged_in)
def on_login(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    start_session(request, user)


@receiver(user_logged_out)
def on_logout(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    session = session_of(request) if user is not None else None
    if session is not None:
        sessions.end(session=session, reason=EndReason.LOGGED_OUT, visit=visit_of(request))


@receiver((account.password_changed, account.password_set))
def on_password_change(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The new password has ended every session (User.save); the browser that it was set in goes on."""
    history.record(Event.PASSWORD_CHANGE, visit=visit_of(request), user=user)
    start_session(request, user)


@receiver(account.password_reset)
def on_password_reset(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    history.record(Event.PASSWORD_CHANGE, visit=visit_of(request), user=user, reason="link by mail")
    # Whoever resets a password may have been robbed of it.
    api_keys.revoke_all(user=user, visit=visit_of(request), reason="password reset")
    if not user.is_confirmed:
        people.clear_of_strangers(user=user, keep_password=True)


@receiver(account.email_confirmed)
def on_email_confirmed(sender: Any, request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """By the link that was asked for; or by signing in with a code or choosing a password, both by mail."""
    if request.resolver_match and request.resolver_match.url_name != "account_confirm_email":
        people.clear_of_strangers(user=email_address.user)
    history.record(Event.EMAIL_CONFIRMED, visit=visit_of(request), user=email_address.user)


@receiver(account.authentication_step_completed)
def on_proof(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Whoever proves again who they are may do risky things for five minutes more."""
    session = session_of(request) if kwargs.get("reauthenticated") else None
    if session is not None:
        sessions.renew_proof(session)


@receiver(account.login_code_rejected)
def on_code_rejected(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    history.record_refusal(Event.FAILURE, visit=visit_of(request), user=user, reason="wrong code by mail")


@receiver(mfa.authenticator_added)
def on_factor_added(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    kind = str(authenticator.get_type_display())
    history.record(Event.SECOND_FACTOR_ADDED, visit=visit_of(request), user=user, reason=kind)


@receiver(mfa.authenticator_removed)
def on_factor_removed(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    kind = str(authenticator.get_type_display())
    history.record(Event.SECOND_FACTOR_REMOVED, visit=visit_of(request), user=user, reason=kind)


@receiver(mfa.authenticator_used)
def on_factor_used(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    kind = str(authenticator.get_type_display())
    history.record(Event.SECOND_FACTOR, visit=visit_of(request), user=user, reason=kind)


@receiver(mfa.authentication_failed)
def on_factor_refused(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    history.record_refusal(Event.SECOND_FACTOR_FAILURE, visit=visit_of(request), user=user, reason="wrong code")
