"""What accounts hold, and what Django and allauth hold for them."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import CompositePrimaryKey, Q, QuerySet, TextField
from django.db.models.functions import Cast, Lower

from accounts.models import ApiKey, BrowserSession, DataExport, FormerHandle, LoginHistory, Profile, Session, User
from accounts.personal_data.registry import Holding, Trace, holdings, register
from accounts.session_store import SESSION_KEY

UNREADABLE = "it is a secret, of which only a hash or an encrypted form is kept"


def addresses_of(person: User) -> list[str]:
    """All addresses of a person, in lower case."""
    others = EmailAddress.objects.filter(user=person).values_list("email", flat=True)
    return sorted({person.email, *(email.lower() for email in others)})


def typed_addresses(person: User) -> QuerySet[LoginHistory]:
    """Attempts with the person's address from the time when there was no account with it."""
    unknown = LoginHistory.objects.filter(user__isnull=True).exclude(email="")
    return unknown.annotate(typed=Lower("email")).filter(typed__in=addresses_of(person))


def browser_sessions(person: User) -> QuerySet[BrowserSession]:
    """Of the sessions of browsers those of the person, and those that hold an address of theirs.

    Those of before they signed in have no link to them, so each is decoded, since what is in one cannot be asked in
    SQL: about 80 µs a session.
    """
    ours = {str(pk) for pk in Session.objects.filter(user=person).values_list("pk", flat=True)}
    addresses = addresses_of(person)

    def tells_of_them(data: dict[str, Any]) -> bool:
        if data.get("_auth_user_id") == str(person.pk) or data.get(SESSION_KEY) in ours:
            return True
        text = json.dumps(data, default=str).lower()
        return any(address in text for address in addresses)

    keys = [row.pk for row in BrowserSession.objects.iterator() if tells_of_them(row.get_decoded())]
    return BrowserSession.objects.filter(pk__in=keys)


def admin_log_about(person: User) -> QuerySet[LogEntry]:
    """What others did in the admin to the person, or to what goes with them: it is named by words there."""
    about = Q()
    for holding in holdings():
        # What has a key of several columns the admin cannot show.
        is_in_admin = not isinstance(holding.model._meta.pk, CompositePrimaryKey)
        if is_in_admin and holding.anonymise is None and holding.model is not LogEntry:
            kind = ContentType.objects.get_for_model(holding.model)
            about |= Q(content_type=kind, object_id__in=holding.rows(person).values_list(Cast("pk", TextField())))
    # Also to what is there no longer.
    for address in addresses_of(person):
        about |= Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    return LogEntry.objects.filter(about)


def forget_words(entries: QuerySet[LogEntry]) -> int:
    return entries.update(object_repr="erased", change_message="")


register(
    Holding(
        User,
        title="Your account",
        path="pk",
        exported=(
            *("id", "email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login"),
            "erase_after",
        ),
        left_out={"password": UNREADABLE},
    ),
    Holding(
        Profile,
        title="Your profile and its settings",
        path="user",
        exported=(
            *("handle", "display_name", "bio", "picture", "time_zone", "language", "links"),
            *("about_visible_to", "learning_visible_to", "activity_visible_to"),
        ),
        left_out={"bio_html": "it is made from “bio”"},
    ),
    Holding(
        FormerHandle,
        title="Handles that you gave up",
        path="user",
        exported=("handle", "freed_at"),
    ),
    Holding(
        User.groups.through,
        title="Your roles",
        path="user",
        exported=("group__name",),
    ),
    Holding(
        User.user_permissions.through,
        title="Rights that were given to you beyond your role",
        path="user",
        exported=("permission__codename", "permission__name"),
    ),
    Holding(
        Session,
        title="Devices on which you signed in",
        path="user",
        exported=(
            *("id", "door", "device", "address", "created_at", "last_seen_at", "authenticated_at", "expires_at"),
            *("ended_at", "end_reason", "rotated_at"),
        ),
        left_out={"refresh_hash": UNREADABLE, "previous_hash": UNREADABLE},
    ),
    Holding(
        LoginHistory,
        title="What happened when you, or somebody with your address, came to sign in",
        path="user",
        exported=("event", "at", "door", "reason", "device", "address", "session", "email"),
    ),
    Holding(
        ApiKey,
        title="Your API keys",
        path="user",
        exported=(
            *("name", "prefix", "scopes", "rate", "created_at", "expires_at", "last_used_at", "revoked_at"),
            "replaces__prefix",
        ),
        left_out={"hash": UNREADABLE},
    ),
    Holding(
        DataExport,
        title="Exports of your data",
        path="user",
        exported=("asked_at", "made_at"),
        left_out={"file": "it is a file such as this one"},
    ),
    Holding(
        EmailAddress,
        title="Your e-mail addresses",
        path="user",
        exported=("email", "verified", "primary"),
    ),
    Holding(
        EmailConfirmation,
        title="Links with which you were to confirm an address",
        path="email_address__user",
        exported=("email_address__email", "created", "sent"),
        left_out={"key": UNREADABLE},
    ),
    Holding(
        Authenticator,
        title="Your second factors and passkeys",
        path="user",
        exported=("type", "created_at", "last_used_at"),
        left_out={"data": UNREADABLE},
    ),
    Holding(
        SocialAccount,
        title="Accounts elsewhere with which you sign in",
        path="user",
        exported=("provider", "uid", "date_joined", "last_login", "extra_data"),
    ),
    Holding(
        SocialToken,
        title="What those accounts let us do",
        path="account__user",
        exported=("account__provider", "expires_at"),
        left_out={"app": "it is ours", "token": UNREADABLE, "token_secret": UNREADABLE},
    ),
    Holding(
        LogEntry,
        title="What you did in the admin",
        path="user",
        exported=("action_time", "action_flag", "content_type__app_label", "content_type__model"),
        left_out=dict.fromkeys(("object_id", "object_repr", "change_message"), "it may be about somebody else"),
    ),
    Trace(LoginHistory, find=typed_addresses),
    Trace(BrowserSession, find=browser_sessions),
    Trace(LogEntry, find=admin_log_about, anonymise=forget_words),
)
