"""Where django-allauth, which does the pages of signing in, is joined to the rest of the house."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import limits
from accounts.models import User
from accounts.models.sessions import Door
from accounts.page_session import door_of
from accounts.services import addresses, people, signing_in
from accounts.visits import Visit
from common import mail
from common.addresses import absolute
from common.client import client_address
from common.encryption import decrypt, encrypt
from common.text import readable_line

# In the Django session while somebody signs in: what they proved.
PROVED_KEY = "proved"
# Mails that anybody can have us send to an address.
ON_REQUEST = {
    "account/email/login_code",
    "account/email/password_reset_key",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        # The words of the API and of the model.
        "email_password_mismatch": signing_in.Refused.message,
        "email_taken": User._meta.get_field("email").error_messages["unique"],
        # The rest is said on pages only.
        "account_inactive": "This account is closed.",
        "duplicate_email": "This is your address already.",
        "enter_current_password": signing_in.WRONG_PASSWORD,
        "incorrect_code": "The code is wrong. Type it as it stands in the newest mail.",
        "incorrect_password": signing_in.WRONG_PASSWORD,
        "rate_limited": "That was too often. Wait a minute.",
        "too_many_login_attempts": "The code was wrong too often. Ask for a new one.",
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The same check, limits and record as at the API."""
        visit = Visit.of(request, door_of(request))
        try:
            return signing_in.check_password(
                email=credentials.get("email", ""), password=credentials.get("password", ""), visit=visit
            )
        except signing_in.Refused:
            return None

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        try:
            with transaction.atomic():
                confirmed: bool = super().confirm_email(request, email_address)
        except IntegrityError:
            # Somebody else has signed up with this address since the link was sent.
            messages.error(request, self.error_messages["email_taken"])
            return False
        return confirmed

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        # What was proved was proved of this password; `login` looks whether it still is the one.
        request.session[PROVED_KEY] = addresses.stamp(user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """The last step, which may come long after the password: not if that has changed meanwhile."""
        if request.session.pop(PROVED_KEY, None) != addresses.stamp(user):
            messages.error(request, "Your password or address was changed while you signed in. Sign in again.")
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if template_prefix in ON_REQUEST and not limits.may_mail(email, Visit.of(self.request, Door.PAGE)):
            return
        facts = {"email": email, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
        message = self.render_mail(template_prefix, email, facts)
        if not isinstance(message, EmailMultiAlternatives):
            raise TypeError(f"{template_prefix} has no text part")
        mail.queue(message, name=template_prefix)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """What was changed, from where, for the owner who may not have done it."""
        request = self.request
        visit = Visit.of(request, door_of(request))
        facts = {"user": user, "device": visit.device, "address": visit.address, **(context or {})}
        self.send_mail(template_prefix, email or user.email, facts)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Links in mails lead to our configured address, whatever host the request claimed."""
        return absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return absolute(path.replace("UID-KEY", key))

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or ""


class SocialAdapter(DefaultSocialAccountAdapter):
    """Google and GitHub, where their keys are set."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.email = User.objects.normalize_email(user.email)
        names = data.get("name") or " ".join(filter(None, (data.get("first_name"), data.get("last_name"))))
        user.name = readable_line(str(names))[: User._meta.get_field("name").max_length]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        request.signing_up = True  # type: ignore[attr-defined]  # read when the session starts
        return user


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted, so that a stolen database makes no codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": signing_in.SecondFactorRefused.message,
        "add_email_blocked": "Turn the second factor off before you change the address; turn it on again afterwards.",
        "cannot_generate_recovery_codes": "Recovery codes go with a second factor. Set one up first.",
        "unverified_email": people.NOT_CONFIRMED,
    }

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"

    def encrypt(self, text: str) -> str:
        return encrypt("second factor", text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt("second factor", encrypted_text)
