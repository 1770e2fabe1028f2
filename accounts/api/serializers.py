"""Shapes of what the API takes and gives about people."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import Profile, Session, User
from accounts.models.api_keys import Scope
from accounts.passwords import LONGEST_PASSWORD
from accounts.services.api_keys import HOUR, OVERLAP
from accounts.tokens import LONGEST_TOKEN
from common.api import StrictSerializer, TextField, WholeNumberField

DELIVERIES = ("cookie", "body")


class DeliverySerializer(serializers.Serializer):
    """Where the tokens go: into cookies (browsers), or into the body (programs)."""

    token_delivery = serializers.ChoiceField(choices=DELIVERIES, default="cookie")


class PasswordField(TextField):
    def __init__(self) -> None:
        super().__init__(max_length=LONGEST_PASSWORD, allow_blank=False, trim_whitespace=False, write_only=True)


class SignUpSerializer(DeliverySerializer):
    email = serializers.EmailField(max_length=254)
    password = PasswordField()
    name = TextField(max_length=150, default="")

    example = {
        "email": "nia@example.org",
        "password": "three blue herons",
        "name": "Nia New",
        "token_delivery": "body",
    }


class LoginSerializer(DeliverySerializer):
    # No EmailField: what is no address is simply wrong, in the same words.
    email = TextField(max_length=254, allow_blank=False)
    password = PasswordField()
    code = TextField(
        max_length=20, default="", help_text="What the app of the second factor shows, or a recovery code."
    )

    example = {"email": "nia@example.org", "password": "three blue herons", "token_delivery": "body"}


class RefreshSerializer(serializers.Serializer):
    refresh = TextField(
        max_length=LONGEST_TOKEN,
        allow_blank=False,
        required=False,
        help_text="The refresh token; left out, it is taken from the cookie.",
    )

    example = {"refresh": "eyJhbGciOiJIUzI1NiJ9.e30.…"}


OF_PROFILE = (
    *("handle", "display_name", "bio", "time_zone", "language", "links"),
    *("about_visible_to", "learning_visible_to", "activity_visible_to"),
)


class MeSerializer(serializers.ModelSerializer[User]):
    """Somebody as they see themselves."""

    role = serializers.CharField(read_only=True)
    email_confirmed = serializers.BooleanField(source="is_confirmed", read_only=True)

    class Meta:
        model = User
        fields = ("id", "email", "name", "role", "email_confirmed", "date_joined", "erase_after")
        read_only_fields = fields

    def to_representation(self, instance: User) -> dict[str, Any]:
        profile = instance.profile
        shown = {name: getattr(profile, name) for name in OF_PROFILE}
        picture = picture_address(profile, self.context.get("request"))
        return super().to_representation(instance) | shown | {"picture": picture}


class ChangesSerializer(StrictSerializer):
    """What somebody may change of themselves; anything else is refused by its name.

    Shapes only: what is allowed in them is for the models to say, in the same words at every door.
    """

    name = TextField(required=False)
    handle = TextField(required=False, allow_blank=False)
    display_name = TextField(required=False)
    bio = TextField(required=False)
    time_zone = TextField(required=False, allow_blank=False)
    language = TextField(required=False, allow_blank=False)
    links = serializers.ListField(child=TextField(allow_blank=False), required=False)
    about_visible_to = TextField(required=False, allow_blank=False)
    learning_visible_to = TextField(required=False, allow_blank=False)
    activity_visible_to = TextField(required=False, allow_blank=False)

    example = {"bio": "I learn *a lot*.", "time_zone": "Europe/Paris", "links": ["https://example.org/nia"]}


class EraseSerializer(serializers.Serializer):
    """People without a password leave it out; they must have signed in a short time ago."""

    password = TextField(max_length=LONGEST_PASSWORD, trim_whitespace=False, default="", write_only=True)

    example = {"password": "three blue herons"}


def public_profile(profile: Profile, request: Request) -> dict[str, Any]:
    """Somebody as they show themselves; what is hidden looks as if there were nothing."""
    about = profile.shows("about", to=request.user)
    return {
        "id": profile.user_id,
        "handle": profile.handle,
        "display_name": profile.shown_name,
        "role": profile.user.role,
        "date_joined": profile.user.date_joined,
        "picture": picture_address(profile, request),
        "url": request.build_absolute_uri(profile.get_absolute_url()),
        "bio": profile.bio if about else "",
        "bio_html": profile.bio_html if about else "",
        "links": profile.links if about else [],
    }


def picture_address(profile: Profile, request: Request | None) -> str | None:
    path = profile.get_picture_url()
    return request.build_absolute_uri(path) if path and request else path


def listed_person(row: dict[str, Any]) -> dict[str, Any]:
    """An entry of the list for staff, from a row of `UserQuerySet.as_rows`."""
    return {
        "id": row["id"],
        "email": row["email"],
        "name": row["name"],
        "handle": row["handle"],
        "display_name": row["display_name"],
        "role": row["held_role"],
        "is_staff": row["is_staff"],
        "is_active": row["is_active"],
        "erase_after": row["erase_after"],
        "date_joined": row["date_joined"],
    }


def session_item(row: dict[str, Any], *, here: Session) -> dict[str, Any]:
    """An entry of the list of devices; `current` is the one that asks."""
    return row | {"current": row["id"] == here.pk}


def history_entry(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("at", "event", "door", "device", "address", "reason")}


class MakeApiKeySerializer(serializers.Serializer):
    name = TextField(max_length=60, allow_blank=False)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False, max_length=len(Scope)
    )
    expires_at = serializers.DateTimeField(allow_null=True, default=None)

    example = {"name": "nightly report", "scopes": ["tutorials:read"], "expires_at": None}


class RotateApiKeySerializer(serializers.Serializer):
    overlap_hours = WholeNumberField(
        default=OVERLAP // HOUR, help_text="How many hours more the old one works, 0 to 168."
    )

    example = {"overlap_hours": 2}
