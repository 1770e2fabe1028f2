"""Making people, confirming their addresses, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import Role, User

if TYPE_CHECKING:
    from django.http import HttpRequest

NOT_CONFIRMED = "Confirm your e-mail address first: open the link that we have mailed to you."


@transaction.atomic
def register(*, email: str, password: str | None, name: str = "", confirmed: bool = False) -> User:
    """Make an account whose address is still to be confirmed. Raises ValidationError by field."""
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


def require_confirmed(user: User) -> None:
    """Raises PermissionDenied in words for those who have yet to confirm their address."""
    if not user.is_confirmed:
        raise PermissionDenied(NOT_CONFIRMED)


@transaction.atomic
def set_role(*, user: User, role: Role) -> None:
    """Give somebody exactly one role; all but learners may open the admin."""
    roles = Group.objects.filter(name__in=Role.values)
    user.groups.remove(*roles)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    user.is_staff = role != Role.LEARNER
    user.save(update_fields=["is_staff"])
    user.__dict__.pop("role", None)


def lacks_second_factor(user: User) -> bool:
    """Whether somebody of the staff must first add a second factor."""
    return settings.STAFF_NEED_SECOND_FACTOR and user.is_staff and not is_mfa_enabled(user)
