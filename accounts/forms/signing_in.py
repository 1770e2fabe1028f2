"""Forms of signing up and in, and of what one signs in with: allauth's, with our rules."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User
from accounts.models.people import ascii_only
from accounts.models.sessions import Door
from accounts.services import people, signing_in
from accounts.visits import Visit


class SignUpForm(AllauthSignupForm):
    """Name, address and password; the same service as the API makes the account."""

    field_order = ("name", "email", "password1")
    name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"}), label="Name"
    )
    # Days of learning are counted in it. A script fills it in (forms.js); later one chooses it in the settings.
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        # As it was typed: the field lowers it, which makes a plain letter of some that only look like one.
        ascii_only(str(self.data.get(self.add_prefix("email"), "")).strip())
        email: str = super().clean_email()
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The new person; or the form again with what was wrong with it, as when somebody was quicker."""
        try:
            return self.save(request), None
        except ValidationError as error:
            self.add_faults(error)
            return None, TemplateResponse(request, "account/signup.html", {"form": self})

    def save(self, request: HttpRequest) -> User:
        user = people.register(
            email=self.cleaned_data["email"],
            password=self.cleaned_data["password1"],
            name=self.cleaned_data["name"],
            time_zone=self.cleaned_data["time_zone"],
        )
        request.signing_up = True  # type: ignore[attr-defined]  # read when the session starts
        # The link to confirm the address is mailed by allauth, which signs the new person in.
        return user

    def add_faults(self, error: ValidationError) -> None:
        for field, faults in error.error_dict.items():
            self.add_error("password1" if field == "password" else field if field in self.fields else None, faults)


class AddressForm(forms.Form):
    # Its form is checked by the model, in whose words the faults are.
    email = forms.CharField(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class NewPasswordForm(AllauthChangePasswordForm):
    """The old password is guessed at no faster here than at the sign-in."""

    def clean_oldpassword(self) -> str:
        old: str = self.cleaned_data["oldpassword"]
        visit = Visit.of(context.request, Door.PAGE)
        if not signing_in.confirm_password(user=self.user, password=old, visit=visit):
            raise ValidationError(signing_in.WRONG_PASSWORD, code="wrong_password")
        return old

    @transaction.atomic
    def save(self) -> None:
        """Raises StaleProof if another new password was quicker."""
        signing_in.hold_password(user=self.user, password=self.cleaned_data["oldpassword"])
        super().save()


class CodeForm(BaseAuthenticateForm):
    """A code of a second factor, checked as at the API."""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        self.authenticator = signing_in.prove_second_factor(user=self.user, code=code)
        if self.authenticator is None:
            self._emit_authentication_failed(None)
            raise ValidationError(signing_in.SecondFactorRefused.message, code="incorrect_code")
        return code


class SecondFactorForm(CodeForm, AuthenticateForm):
    """At sign-in."""


class SecondFactorAgainForm(CodeForm, ReauthenticateForm):
    """Before something risky."""


class CredentialField(forms.JSONField):
    """What a browser says of a passkey; refused if it is nested so deep that reading it exhausts the stack."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class NewPasskeyForm(AddWebAuthnForm):
    credential = CredentialField()


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey that is refused is no wrong code, as allauth would have it."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except ValidationError as error:
            raise ValidationError(
                "This passkey is not known here. Choose another way; you can add it again under “Security”.",
                code="unknown_passkey",
            ) from error


class PasskeySignInForm(PasskeyForm, LoginWebAuthnForm):
    """In place of a password."""


class PasskeyAgainForm(PasskeyForm, ReauthenticateWebAuthnForm):
    """Before something risky."""
