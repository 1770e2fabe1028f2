"""Who may do what for an organisation: the one home of those rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from billing.models import Membership, Organisation, Role

if TYPE_CHECKING:
    from accounts.models import User

OWNERS_ONLY = "Only an owner of {organisation} can do this."
MANAGERS_ONLY = "Only owners and managers of {organisation} can do this."
LAST_OWNER = "{organisation} needs an owner: make somebody else an owner first."
NO_MEMBER = "This person is no member any more."
STAFF_ONLY = "You do not have the right to change organisations and their contracts."


# The foreign keys would take these locks at the end, after rows that the erasure of one of them wants.
HERE = """
SELECT FROM accounts_user WHERE id IN (
    SELECT user_id FROM billing_membership WHERE organisation_id = %(organisation)s AND left_at IS NULL
    UNION
    SELECT user_id FROM billing_seat
    WHERE organisation_id = %(organisation)s AND (given_back_at IS NULL OR given_back_at > %(now)s)
) ORDER BY id FOR KEY SHARE
"""


def lock(organisation: Organisation) -> Organisation:
    """Hold an organisation to the end of the transaction: its members, seats and contracts change one after another.

    Whoever of them is erased at this moment is waited for; nobody else of them is erased before the end.
    """
    held = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    with connection.cursor() as cursor:
        cursor.execute(HERE, {"organisation": held.pk, "now": timezone.now()})
    return held


def membership_of(user: User, organisation: Organisation) -> Membership | None:
    return Membership.objects.alive().filter(organisation=organisation, user=user).first()


def still(membership: Membership) -> Membership:
    """It as it is now, under the lock. Raises ValidationError once it has ended."""
    now = Membership.objects.alive().filter(pk=membership.pk).select_related("user").first()
    if now is None:
        raise ValidationError(NO_MEMBER, code="no_member")
    return now


def require_manager(by: User, organisation: Organisation) -> None:
    """Owners, managers and our staff. Raises PermissionDenied."""
    own = membership_of(by, organisation)
    if not (own and own.manages) and not is_staff(by):
        raise PermissionDenied(MANAGERS_ONLY.format(organisation=organisation))


def require_over(by: User, organisation: Organisation, role: str) -> None:
    """Owners and our staff deal with everybody, managers with plain members. Raises PermissionDenied."""
    own = membership_of(by, organisation)
    if (own and own.is_owner) or is_staff(by):
        return
    if own and own.manages and role == Role.MEMBER:
        return
    words = OWNERS_ONLY if own and own.manages else MANAGERS_ONLY
    raise PermissionDenied(words.format(organisation=organisation))


def require_owner(by: User, organisation: Organisation) -> None:
    """Raises PermissionDenied for all but owners and our staff."""
    own = membership_of(by, organisation)
    if not (own and own.is_owner) and not is_staff(by):
        raise PermissionDenied(OWNERS_ONLY.format(organisation=organisation))


def require_staff(by: User) -> None:
    """Raises PermissionDenied."""
    if not is_staff(by):
        raise PermissionDenied(STAFF_ONLY)


def is_staff(by: User) -> bool:
    return by.acts_as_staff and by.has_perm("billing.change_organisation")


def require_another_owner(membership: Membership) -> None:
    """Under the lock, before an owner ceases to be one. Raises ValidationError if there is no other."""
    if not membership.is_owner:
        return
    owners = Membership.objects.alive().owners().filter(organisation=membership.organisation_id)
    if not owners.exclude(pk=membership.pk).exists():
        raise ValidationError(LAST_OWNER.format(organisation=membership.organisation), code="last_owner")
