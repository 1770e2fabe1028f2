"""Changing the e-mail address: nothing changes, and nothing is reserved, before the new one is confirmed.

django-allauth keeps the new address as a row while it waits. That row let a member sit on somebody
else's address, survived a new password, and took the only address of those who had yet to confirm
theirs (found by a hostile review). A signed link that knows the password of the moment does not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import emails
from accounts.models import User
from accounts.models.history import Event
from accounts.services import history

if TYPE_CHECKING:
    from accounts.visits import Visit

SALT = "accounts.addresses"
LINK_LIVES = timedelta(days=1)


@dataclass(frozen=True)
class Change:
    user: User
    email: str


def stamp(user: User) -> str:
    """Changes with the password and with the address, and every link with it."""
    return hashlib.sha256(f"{user.password} {user.email}".encode()).hexdigest()[:16]


def ask_change(*, user: User, email: str) -> None:
    """Mail a link to the new address, and a word to the old one. Raises ValidationError on `email`."""
    email = User.objects.normalize_email(email)
    if email == user.email:
        raise ValidationError({"email": ValidationError("This is your address already.", code="unchanged")})
    check(user, email)
    token = signing.dumps({"user": user.pk, "email": email, "stamp": stamp(user)}, salt=SALT, compress=True)
    emails.email_change_link(user=user, email=email, token=token)
    emails.email_change_asked(user=user, email=email)


def check(user: User, email: str) -> None:
    """Raises ValidationError if the address is malformed or somebody else's, in the model's words."""
    field = User._meta.get_field("email")
    try:
        field.run_validators(email)
        if User.objects.all().filter(email=email).exclude(pk=user.pk).exists():
            raise ValidationError(field.error_messages["unique"], code="unique")
    except ValidationError as error:
        raise ValidationError({"email": error.error_list}) from error


def find_change(token: str) -> Change | None:
    """What a link would change, while it is good: for a day, and until the password or the address changes."""
    try:
        facts = signing.loads(token, salt=SALT, max_age=LINK_LIVES)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=facts["user"], is_active=True).first()
    if user is None or facts["stamp"] != stamp(user):
        return None
    return Change(user, facts["email"])


@transaction.atomic
def confirm_change(*, token: str, visit: Visit) -> User | None:
    """Let the new address take the old one's place; None if the link is not good any more.

    Raises ValidationError if somebody else has signed up with it since.
    """
    change = find_change(token)
    if change is None:
        return None
    user = User.objects.select_for_update().get(pk=change.user.pk)
    if stamp(user) != stamp(change.user):
        return None
    replace(user=user, email=change.email, confirmed=True, visit=visit)
    return user


@transaction.atomic
def replace(*, user: User, email: str, confirmed: bool, visit: Visit) -> None:
    """Give somebody another address; the old one opens nothing from now on and is told so. Raises ValidationError."""
    check(user, email)
    former, user.email = user.email, email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        # Somebody took it after the check; repeated, it finds them and says so in its words.
        check(user, email)
        raise
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=confirmed)
    user.__dict__.pop("is_confirmed", None)
    history.record(Event.EMAIL_CHANGE, visit=visit, user=user)
    emails.email_changed(user=user, former=former)
