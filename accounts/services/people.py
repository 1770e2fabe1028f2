"""Making people, confirming their addresses, and what they may do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Role, User
from accounts.models.people import time_zones

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

NOT_CONFIRMED = "Confirm your e-mail address first: open the link that we have mailed to you."
LAST_ADMINISTRATOR = "You are the last administrator. Make somebody else an administrator first."
# How recently somebody must have proved who they are, to do what outlives a stolen session.
FRESH = timedelta(minutes=5)
STALE = "Sign in again first: it is more than five minutes since you showed who you are."


class LastAdministratorError(ValidationError):
    """Somebody cannot go, since nobody else could then give rights to others."""

    def __init__(self) -> None:
        super().__init__(LAST_ADMINISTRATOR, code="last_administrator")


class ReauthenticationRequired(PermissionDenied):
    """Somebody must prove anew who they are."""

    code = "reauthentication_required"

    def __init__(self) -> None:
        super().__init__(STALE)


@transaction.atomic
def register(*, email: str, password: str | None, name: str = "", confirmed: bool = False, time_zone: str = "") -> User:
    """Make an account whose address is still to be confirmed. Raises ValidationError by field.

    `time_zone` is what a browser says of itself: one that we don't know is left out, since nobody has typed it.
    """
    draft = User(email=User.objects.normalize_email(email), name=name)
    faults = {}
    try:
        if password is not None:
            validate_password(password, draft)
    except ValidationError as error:
        faults["password"] = error.error_list
    try:
        draft.full_clean(exclude=["password"])
    except ValidationError as error:
        faults |= error.error_dict
    if faults:
        raise ValidationError(faults)
    user = User.objects.create_user(email=email, password=password, name=name)
    if time_zone in time_zones():
        user.profile.time_zone = time_zone
        user.profile.save(update_fields=["time_zone"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=confirmed)
    return user


@transaction.atomic
def settle_in(*, user: User, role: Role) -> None:
    """Give a person whom staff have just made their role and an address to confirm."""
    set_role(user=user, role=role)
    EmailAddress.objects.create(user=user, email=user.email, primary=True)


def send_confirmation(*, user: User, request: HttpRequest | None = None) -> None:
    """Mail the link with which the address is confirmed, unless it is already."""
    address = EmailAddress.objects.filter(user=user, primary=True, verified=False).first()
    if address is not None:
        address.send_confirmation(request, signup=True)


@transaction.atomic
def clear_of_strangers(*, user: User, keep_password: bool = False) -> None:
    """Take away what was there before the owner of the address came: it may be somebody else's.

    An account can be made with any address. Whoever then confirms it by a code or a reset, rather
    than by the link that signing up sends, need not be the person who chose its password.
    """
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    if not keep_password:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        # Django does not count this as a new password.
        user.sessions.end("password_changed")
    EmailAddress.objects.filter(user=user, email=user.email).update(verified=True)


def require_confirmed(user: User) -> None:
    """Raises PermissionDenied in words for those who have yet to confirm their address."""
    if not user.is_confirmed:
        raise PermissionDenied(NOT_CONFIRMED)


def require_fresh(proved_at: datetime | None) -> None:
    """Raises ReauthenticationRequired unless somebody has proved a short time ago who they are."""
    if not is_fresh(proved_at):
        raise ReauthenticationRequired


def is_fresh(proved_at: datetime | None) -> bool:
    return proved_at is not None and timezone.now() - proved_at <= FRESH


def is_administrator(user: User) -> bool:
    return user.is_superuser or user.groups.filter(name=Role.ADMINISTRATOR).exists()


@transaction.atomic
def require_another_administrator(user: User) -> None:
    """Before an administrator goes, by whichever door. Raises LastAdministratorError.

    Part of the transaction in which they go, and before their own row is locked.
    """
    if not is_administrator(user):
        return
    administrators = User.objects.all().administrators()
    # Locked in one order, so that of the last two who go at once one stays; then asked anew, since
    # who waited for a lock still sees the groups of before.
    list(administrators.select_for_update(of=("self",)).order_by("pk"))
    if not administrators.exclude(pk=user.pk).exists():
        raise LastAdministratorError


@transaction.atomic
def set_role(*, user: User, role: Role) -> None:
    """Give somebody exactly one role; all but learners may open the admin. Raises LastAdministratorError."""
    if role != Role.ADMINISTRATOR and not user.is_superuser:
        require_another_administrator(user)
    roles = Group.objects.filter(name__in=Role.values)
    user.groups.remove(*roles)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    user.is_staff = role != Role.LEARNER
    user.save(update_fields=["is_staff"])
    user.__dict__.pop("role", None)
