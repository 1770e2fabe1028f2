from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

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
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst
from unfold.forms import UserChangeForm as UnfoldUserChangeForm
from unfold.forms import UserCreationForm as UnfoldUserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import Profile, Role, User
from accounts.models.api_keys import Scope
from accounts.models.people import LONGEST_BIO, MOST_LINKS, Audience, ascii_only, time_zones
from accounts.models.sessions import Door
from accounts.passwords import LONGEST_PASSWORD
from accounts.services import api_keys, people, signing_in, staff
from accounts.visits import Visit
from common.forms import PlaceForm

if TYPE_CHECKING:
    from accounts.services.profiles import Changes

CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


class SignUpForm(AllauthSignupForm):
    """Name, address and password; the same service as the API makes the account."""

    field_order = ("name", "email", "password1")
    name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"}), label="Name"
    )

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


class PeopleListForm(PlaceForm):
    q = forms.CharField(required=False, max_length=200)
    role = forms.ChoiceField(
        required=False,
        choices=[("", "Any role"), *Role.choices],
        error_messages={"invalid_choice": "Choose learner, author, moderator or administrator."},
    )


class ProfileForm(forms.Form):
    """What somebody may change of themselves. Shapes only: the models say what is allowed."""

    handle = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="2 to 30 small letters, digits and hyphens. You can change it once in 30 days, and links to the "
        "old one stop working.",
    )
    display_name = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        label="Display name",
        help_text="What others see instead of your name.",
    )
    name = forms.CharField(
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="For mails; others see it if you have no display name.",
    )
    bio = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        label="About you",
        help_text=f"Markdown, up to {LONGEST_BIO:,} characters.",
    )
    links = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=f"Up to {MOST_LINKS} addresses of pages about you, one a line.",
    )
    time_zone = forms.CharField(
        widget=forms.Select(attrs={"autocomplete": "off"}),
        label="Time zone",
        help_text="For the times that we show you.",
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    about_visible_to = forms.ChoiceField(choices=Audience.choices, label="About you and your links")
    learning_visible_to = forms.ChoiceField(choices=Audience.choices, label="What you learn")
    activity_visible_to = forms.ChoiceField(choices=Audience.choices, label="What you write")

    def __init__(self, data: Any = None, *, profile: Profile) -> None:
        """The form begins with what the profile says."""
        initial = {name: getattr(profile, name) for name in self.base_fields if name not in ("name", "links")}
        initial |= {"name": profile.user.name, "links": "\n".join(profile.links)}
        super().__init__(data, initial=initial)
        self.fields["time_zone"].widget.choices = time_zone_choices(profile.time_zone)

    def changes(self) -> Changes:
        return cast("Changes", self.cleaned_data)

    def clean_bio(self) -> str:
        """Browsers send two characters for the end of a line, which would count twice."""
        bio: str = self.cleaned_data["bio"]
        return bio.replace("\r\n", "\n")

    def clean_links(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["links"].splitlines())
        return [line if "://" in line else f"https://{line}" for line in lines if line]


class PictureForm(forms.Form):
    picture = forms.FileField(
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text="JPEG, PNG, WebP or GIF, at most 5 MB. We cut out the middle and keep nothing else of the file.",
    )


def time_zone_choices(current: str) -> list[tuple[str, Any]]:
    """UTC and the zones of places, grouped by continent; another one only if it is in use already."""
    places: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(time_zones()):
        continent, _, place = zone.partition("/")
        if continent in CONTINENTS:
            places.setdefault(continent, []).append((zone, place.replace("_", " ")))
    known = {"UTC", *(zone for zones in places.values() for zone, _ in zones)}
    others = [] if current in known else [(current, current)]
    return [("UTC", "UTC"), *others, *places.items()]


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="So that you know later which program has it.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, capfirst(label)) for scope, label in Scope.choices],
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        help_text="As little as the program needs.",
    )
    lifetime = forms.TypedChoiceField(
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "A year"), (0, "Until I revoke it")],
        initial=90,
        label="It works for",
    )

    def clean(self) -> dict[str, Any]:
        """With `expires_at`, as the service takes it."""
        cleaned = self.cleaned_data
        days = cleaned.pop("lifetime", 0)
        return cleaned | {"expires_at": timezone.now() + timedelta(days=days) if days else None}


class RotateApiKeyForm(forms.Form):
    overlap_hours = forms.IntegerField(
        initial=api_keys.OVERLAP // api_keys.HOUR,
        label="Hours for which the old key goes on working",
        help_text="Put the new key into your program within this time. With 0 the old key ends at once.",
    )


class ErasureForm(forms.Form):
    """Whether it is the person who asks; for people with a password."""

    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class UserChangeForm(UnfoldUserChangeForm):
    """Staff change a role here; groups and the right to open the admin follow from it."""

    # Who asks; the admin sets it on the class that it makes for each request.
    by: User
    role = forms.ChoiceField(choices=Role.choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = User
        fields = ("email", "name", "password", "is_active", "is_superuser")
        field_classes: dict[str, type] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = self.instance.role

    def clean(self) -> dict[str, Any]:
        """As the service will, but here it is still an error of the form."""
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            staff.check_changes(
                person=self.instance,
                by=self.by,
                role=Role(cleaned["role"]),
                is_active=cleaned["is_active"],
                is_superuser=cleaned.get("is_superuser", self.instance.is_superuser),
            )
        return cleaned


class UserCreationForm(UnfoldUserCreationForm):
    by: User
    role = forms.ChoiceField(choices=Role.choices, initial=Role.LEARNER, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: dict[str, type] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if "role" in cleaned:
            staff.require_may_give(by=self.by, role=Role(cleaned["role"]))
        return cleaned
