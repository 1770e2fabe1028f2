"""Organisations and who belongs to them: how they begin, how roles change, and how people go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from billing.emails import organisations as emails
from billing.models import Membership, Organisation, Role
from billing.services import invitations, standing
from billing.services.seats import get_up

if TYPE_CHECKING:
    from accounts.models import User

UNCONFIRMED = "An owner must have confirmed their e-mail address."
UNKNOWN_ROLE = f"There is no such role. Choose from: {', '.join(Role.values)}."


@transaction.atomic
def create_organisation(*, name: str, slug: str, owner: User, by: User) -> Organisation:
    """Make an organisation with its first owner, who is told by mail. Raises PermissionDenied; ValidationError."""
    standing.require_staff(by)
    organisation = Organisation(name=name.strip(), slug=slug)
    organisation.full_clean()
    organisation.save(force_insert=True)
    name_owner(organisation=organisation, user=owner, by=by)
    return organisation


@transaction.atomic
def rename(*, organisation: Organisation, name: str, by: User) -> None:
    """Raises PermissionDenied; ValidationError on `name`."""
    standing.require_staff(by)
    organisation.name = name.strip()
    organisation.full_clean(exclude=["slug"])
    organisation.save(update_fields=["name"])


@transaction.atomic
def name_owner(*, organisation: Organisation, user: User, by: User) -> Membership:
    """Our staff make somebody an owner, also who is no member yet. Raises PermissionDenied; ValidationError."""
    standing.require_staff(by)
    organisation = standing.lock(organisation)
    check_owner(user)
    membership = standing.membership_of(user, organisation) or Membership(organisation=organisation, user=user)
    membership.role = Role.OWNER
    membership.save()
    emails.made_owner(membership=membership)
    return membership


def check_owner(user: User) -> None:
    """Raises ValidationError on `owner`."""
    if not user.is_confirmed:
        raise ValidationError({"owner": ValidationError(UNCONFIRMED, code="unconfirmed")})


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: User) -> Membership:
    """Give a member another role; the same one changes nothing. Raises PermissionDenied; ValidationError by field."""
    organisation = standing.lock(membership.organisation)
    standing.require_owner(by, organisation)
    if role not in Role:
        raise ValidationError({"role": ValidationError(UNKNOWN_ROLE, code="unknown_role")})
    member = standing.still(membership)
    if role == member.role:
        return member
    standing.require_another_owner(member)
    member.role = role
    member.save(update_fields=["role"])
    if role == Role.OWNER:
        emails.made_owner(membership=member)
    return member


@transaction.atomic
def hand_over(*, membership: Membership, by: User) -> None:
    """Make a member an owner in one's own place, and become a manager. Raises PermissionDenied, ValidationError."""
    organisation = standing.lock(membership.organisation)
    own = standing.membership_of(by, organisation)
    change_role(membership=membership, role=Role.OWNER, by=by)
    if own is not None and own.pk != membership.pk:
        change_role(membership=own, role=Role.MANAGER, by=by)


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """End somebody's membership, their seat with it; who has left already stays away. Raises as `change_role`.

    The invitations that they sent and nobody has accepted are revoked: else somebody who is removed could have asked
    themselves in under another address. Those who came on an earlier one stay, and so do the invitations of somebody
    who only gets a smaller role: owners see and revoke them.
    """
    organisation = standing.lock(membership.organisation)
    member = Membership.objects.alive().select_related("user", "organisation").filter(pk=membership.pk).first()
    if member is None:
        standing.require_manager(by, organisation)
        return
    if member.user_id != by.pk:
        standing.require_over(by, organisation, member.role)
    standing.require_another_owner(member)
    had_seat = get_up(member)
    member.left_at = timezone.now()
    member.save(update_fields=["left_at"])
    invitations.revoke_sent_by(member)
    if had_seat and member.user_id != by.pk:
        emails.seat_given_back(membership=member)


def leave(*, organisation: Organisation, user: User) -> None:
    """End one's own membership. Raises ValidationError for the only owner."""
    own = standing.membership_of(user, organisation)
    if own is not None:
        remove_member(membership=own, by=user)
