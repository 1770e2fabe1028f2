"""What the API's answers about people hold."""

from __future__ import annotations

from accounts.models.history import Event
from accounts.models.people import Audience, Role
from accounts.models.sessions import Door
from common.openapi.shapes import Address, Id, OneOf, Shape, Text, Texts, Time, Truth, Whole

ADDRESS = "2001:db8::7"


class Me(Shape):
    """Somebody as they see themselves."""

    id = Whole(7)
    email = Text("nia@example.org")
    name = Text("Nia New", "May be empty.")
    role = OneOf(Role.choices)
    email_confirmed = Truth("Until it is, one reads, and makes no API keys.")
    date_joined = Time()
    erase_after = Time("When the account will be erased, or null.", example=None, allow_null=True)
    handle = Text("nia-new", "Stands in the address of the profile.")
    display_name = Text("Nia", "Shown instead of the name; may be empty.")
    bio = Text("I learn *a lot*.", "Markdown; may be empty.")
    time_zone = Text("Europe/Paris")
    language = Text("en")
    links = Texts(["https://example.org/nia"])
    about_visible_to = OneOf(Audience.choices)
    learning_visible_to = OneOf(Audience.choices, example="members")
    activity_visible_to = OneOf(Audience.choices)
    picture = Address(None, "Its address, or null.", allow_null=True)


class TokensGiven(Shape):
    """With cookies none of these is there."""

    access = Text("eyJhbGciOiJIUzI1NiJ9.e30.…", "The access token.", required=False)
    access_expires_at = Time(example="2026-11-30T09:45:00Z", required=False)
    refresh = Text("eyJhbGciOiJIUzI1NiJ9.e30.…", "The refresh token, good once.", required=False)
    refresh_expires_at = Time(example="2026-12-07T09:30:00Z", required=False)


class SignedIn(TokensGiven):
    """Who signed in; and the tokens, if they were to come in the body."""

    user = Me()


class Erasure(Shape):
    erase_after = Time("When the account will be erased.", example="2026-12-14T09:30:00Z")


class DeviceSession(Shape):
    """A signed-in device."""

    id = Id("0b9c2f6e-3a8f-4a59-9f0e-2c64a1f0f7de")
    door = OneOf(Door.choices, "Which way it came in.", example="api")
    device = Text("Firefox on Linux", "In words; may be empty.")
    address = Text(ADDRESS, "Where it was last, or null.", allow_null=True)
    created_at = Time()
    last_seen_at = Time()
    expires_at = Time(example="2026-12-07T09:30:00Z")
    current = Truth("Whether it is the one that asks.")


class HistoryEntry(Shape):
    """Something that happened at one's doors."""

    at = Time()
    event = OneOf(Event.choices, example="login")
    door = OneOf(Door.choices, example="api")
    device = Text("Firefox on Linux", "In words; may be empty.")
    address = Text(ADDRESS, "Or null.", allow_null=True)
    reason = Text("", "Why it was refused; may be empty.")


class ExportAsked(Shape):
    id = Id("5f6f0a0e-8a55-4f0c-9a76-0d4a7b6a2f11")
    asked_at = Time()


class Person(Shape):
    """Somebody as they show themselves to whoever asks."""

    id = Whole(7)
    handle = Text("nia-new")
    display_name = Text("Nia")
    role = OneOf(Role.choices)
    date_joined = Time()
    picture = Address(None, "Its address, or null.", allow_null=True)
    url = Address("https://howtoai.example/u/nia-new/", "Their page.")
    bio = Text("I learn *a lot*.", "Markdown; empty where it is not shown to you.")
    bio_html = Text("<p>I learn <em>a lot</em>.</p>\n", "Sanitised.")
    links = Texts(["https://example.org/nia"])


class PersonListed(Shape):
    """Somebody in the list for staff."""

    id = Whole(7)
    email = Text("nia@example.org")
    name = Text("Nia New")
    handle = Text("nia-new")
    display_name = Text("Nia")
    role = OneOf(Role.choices)
    is_staff = Truth(example=False)
    is_active = Truth("False: banned.")
    erase_after = Time("When the account will be erased, or null.", example=None, allow_null=True)
    date_joined = Time()


class KeyPrefix(Text):
    def to_representation(self, value: str) -> str:
        return f"hta_{value}"


class Key(Shape):
    """An API key as its owner sees it, from a model or a row."""

    id = Whole(3)
    name = Text("nightly report")
    prefix = KeyPrefix("hta_1f0c9a7be2d4c603", "The public first part of it.")
    scopes = Texts(["tutorials:read"])
    rate = Whole(600, "Requests a minute.")
    created_at = Time()
    expires_at = Time(example=None, allow_null=True)
    last_used_at = Time(example=None, allow_null=True)
    revoked_at = Time(example=None, allow_null=True)
    replaces = Whole(None, "The `id` of the key before it, or null.", source="replaces_id", allow_null=True)


class KeyShownOnce(Key):
    """With the key itself, which is never shown again."""

    key = Text("hta_1f0c9a7be2d4c603_…")
