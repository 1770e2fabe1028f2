"""API keys: made, shown once, exchanged, revoked, and looked at when somebody comes with one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import emails
from accounts.keys import InvalidKey, KeyText
from accounts.models import ApiKey, User
from accounts.models.history import Event
from accounts.querysets import name_in_cache
from accounts.services import history, people
from common.limits import spend
from common.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from accounts.visits import Visit

HOUR = timedelta(hours=1)
# How long the key that was exchanged for a new one goes on working.
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
# Keys that one person makes: each is a row, an entry of the history and a mail.
MADE = "60/h"
REMEMBERED_FOR = 60  # seconds
CLOSED = "This account is closed, or will be erased soon. It can have no new keys."


@dataclass(frozen=True)
class NewKey:
    """A new key, and the only time that its text is there to be shown."""

    row: ApiKey
    text: str = field(repr=False)


@transaction.atomic
def make(
    *,
    user: User,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    proved_at: datetime | None,
    visit: Visit,
) -> NewKey:
    """Make a key; its owner is told by mail.

    `proved_at` is when the person last proved who they are: a key outlives the session that made
    it. Raises ValidationError by field, also if the person has as many as one may have;
    PermissionDenied without a confirmed address, or if the proof is old; Limited.
    """
    admit(user, proved_at)
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": "Choose a time in the future."})
    return issue(ApiKey(user=user, name=name.strip(), scopes=scopes, expires_at=expires_at), visit)


@transaction.atomic
def rotate(*, key: ApiKey, overlap_hours: int = OVERLAP // HOUR, proved_at: datetime | None, visit: Visit) -> NewKey:
    """Exchange a key for a new one with the same name, scopes and lifetime; the old one works until the overlap ends.

    Raises as `make` does; ValidationError also if the key is over or has been exchanged
    already.
    """
    if not 0 <= overlap_hours <= LONGEST_OVERLAP // HOUR:
        message = f"The old key may go on working for 0 to {LONGEST_OVERLAP // HOUR} hours."
        raise ValidationError({"overlap_hours": message})
    admit(key.user, proved_at)
    old = ApiKey.objects.alive().filter(pk=key.pk).select_for_update(of=("self",), no_key=True).first()
    if old is None:
        raise ValidationError("This key is over and cannot be exchanged. Make a new one.")
    if ApiKey.objects.filter(replaces=old).exists():
        raise ValidationError("This key has been exchanged already. Use the new one, or make another.")
    now = timezone.now()
    ends_at = now + overlap_hours * HOUR
    lifetime = old.expires_at - old.created_at if old.expires_at else None
    old.expires_at = min(ends_at, old.expires_at or ends_at)
    old.save(update_fields=["expires_at"])
    new = ApiKey(
        user=old.user,
        name=old.name,
        scopes=old.scopes,
        rate=old.rate,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
        replaces=old,
    )
    return issue(new, visit)


def admit(user: User, proved_at: datetime | None) -> None:
    """Let those who may make keys do it, one after the other. Raises PermissionDenied or Limited."""
    people.require_confirmed(user)
    people.require_fresh(proved_at)
    spend("API keys made", str(user.pk), MADE)
    here = User.objects.filter(pk=user.pk, is_active=True, erase_after__isnull=True)
    if not here.select_for_update(no_key=True).exists():
        raise PermissionDenied(CLOSED)


def issue(row: ApiKey, visit: Visit) -> NewKey:
    if row.user.api_keys.alive().count() >= ApiKey.MOST_PER_PERSON:
        message = f"You have {ApiKey.MOST_PER_PERSON} keys, and nobody may have more. Revoke one that you do not need."
        raise ValidationError(message)
    text = KeyText.new()
    row.prefix, row.hash = text.prefix, text.hash
    row.scopes = list(dict.fromkeys(row.scopes))
    row.full_clean(exclude=["user", "replaces"])
    row.save(force_insert=True)
    reason = f"{row}, in place of hta_{row.replaces.prefix}…" if row.replaces else str(row)
    history.record(Event.API_KEY_MADE, visit=visit, user=row.user, reason=reason)
    emails.api_key_made(key=row, visit=visit)
    return NewKey(row, text.text)


@transaction.atomic
def revoke(*, key: ApiKey, visit: Visit) -> None:
    """End a key for good and at once; revoking what is revoked changes nothing."""
    if ApiKey.objects.filter(pk=key.pk).revoke():
        history.record(Event.API_KEY_REVOKED, visit=visit, user=key.user, reason=str(key))


@transaction.atomic
def revoke_all(*, user: User, visit: Visit, reason: str) -> int:
    """End all of somebody's keys at once, `reason` is for the record; returns how many there were."""
    ended = user.api_keys.alive().revoke()
    if ended:
        history.record(Event.API_KEY_REVOKED, visit=visit, user=user, reason=f"all {ended} keys: {reason}")
    return ended


def find_alive(text: str) -> ApiKey:
    """The key with its person: in one query, in none if it was used within the last minute.

    Raises InvalidKey, or Limited beyond the key's own rate.
    """
    shown = KeyText.read(text)

    def find() -> ApiKey:
        return checked(ApiKey.objects.use(prefix=shown.prefix, hashed=shown.hash), shown)

    key = checked(remembered(name_in_cache(shown.prefix), find, seconds=REMEMBERED_FOR), shown)
    spend("requests with an API key", key.prefix, f"{key.rate}/m")
    return key


def checked(key: ApiKey | None, shown: KeyText) -> ApiKey:
    """The key, if the whole of it was shown and it is alive. Raises InvalidKey."""
    if key is None:
        raise InvalidKey("unknown")
    if not hmac.compare_digest(bytes(key.hash), shown.hash):
        raise InvalidKey("wrong secret")
    if key.why_dead:
        raise InvalidKey(key.why_dead, owner=key.user)
    return key
