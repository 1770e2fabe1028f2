"""Inviting people into an organisation by mail, and coming in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing.emails import organisations as emails
from billing.models import Invitation, Membership, Organisation, Role
from billing.models.organisations import INVITED_ALREADY, MEMBER_ALREADY
from billing.services import seats, standing
from common import limits
from common.database import delete_in_batches

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# The last is far above the second: one organisation cannot keep the others from an address.
BY_ONE_PERSON, FROM_ONE_ORGANISATION, TO_ONE_ADDRESS = "60/h", "5/d", "20/d"
TOKEN_BYTES = 32
NOT_INVITED_AS = "Invite people as a manager or a member; a member can be made an owner."
NOT_OPEN = "This invitation was accepted or revoked already."
GONE = "This invitation no longer works. Ask for a new one."
OTHER_ADDRESS = (
    "This invitation is for {invited}, and you are signed in as {email}. "
    "Sign in with that address, or have this one invited."
)
UNCONFIRMED = "Confirm your e-mail address first: the link is in the mail that we have sent you. Then come back here."
NO_SEAT_LEFT = "All seats of {organisation} are taken just now. Ask whoever invited you to free one, then come back."


@transaction.atomic
def invite(
    *, organisation: Organisation, email: str, role: str = Role.MEMBER, with_seat: bool = True, by: User
) -> Invitation:
    """Mail somebody a link that is good for 14 days; with a seat, one is held for them until then.

    Managers invite members, owners also managers. Raises PermissionDenied; ValidationError by field; Limited.
    """
    email = User.objects.normalize_email(email)
    organisation = standing.lock(organisation)
    # Under the lock: whoever is removed at this moment asks nobody in any more.
    standing.require_over(by, organisation, role)
    check_role(role)
    check_newcomer(organisation, email)
    # One whose link is too old only stands in the way of a new one.
    now = timezone.now()
    organisation.invitations.open().filter(email=email, expires_at__lte=now).update(revoked_at=now)
    if with_seat:
        seats.require_free(organisation)
    invitation = Invitation(organisation=organisation, email=email, role=role, with_seat=with_seat, invited_by=by)
    send(invitation, by=by)
    return invitation


@transaction.atomic
def resend(*, invitation: Invitation, by: User) -> None:
    """Mail a new link, good for 14 days from now; the former one works no more. Raises as `invite`."""
    organisation = standing.lock(invitation.organisation)
    standing.require_over(by, organisation, invitation.role)
    invitation = reread(invitation)
    # One whose link is good still has its seat held.
    if invitation.with_seat and not invitation.is_good(timezone.now()):
        seats.require_free(organisation)
    send(invitation, by=by)


@transaction.atomic
def revoke(*, invitation: Invitation, by: User) -> None:
    """Have a link work no more; once more changes nothing. Raises PermissionDenied; ValidationError if it was used."""
    organisation = standing.lock(invitation.organisation)
    standing.require_over(by, organisation, invitation.role)
    invitation.refresh_from_db()
    if invitation.revoked_at is None:
        invitation = reread(invitation)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])


def revoke_sent_by(membership: Membership) -> None:
    """Under the lock, as somebody goes: whom they asked in, nobody there may know of."""
    assert membership.user is not None  # noqa: S101 - who is erased is no member
    sent = membership.organisation.invitations.open().filter(invited_by=membership.user)
    sent.update(revoked_at=timezone.now())


def find(token_hash: bytes) -> Invitation | None:
    """The invitation that a link stands for, by the hash of its token, in whatever state it is."""
    rows = Invitation.objects.select_related("organisation", "invited_by__profile", "invited_by")
    return rows.filter(token_hash=token_hash).first()


def refusal(invitation: Invitation, user: User | AnonymousUser) -> str:
    """In words, why somebody who has signed in cannot accept an invitation; empty if they can."""
    if not invitation.is_good(timezone.now()):
        return GONE
    if user.is_authenticated and user.email != invitation.email:
        return OTHER_ADDRESS.format(invited=invitation.email, email=user.email)
    if user.is_authenticated and not user.is_confirmed:
        return UNCONFIRMED
    return ""


@transaction.atomic
def accept(*, token_hash: bytes, user: User) -> Membership:
    """Come in, and sit down if a seat was promised. Whoever is a member already stays what they are.

    Raises PermissionDenied for another or an unconfirmed address, ValidationError for a link that is no good any more
    or if no seat is left.
    """
    invitation = find(token_hash)
    if invitation is None:
        raise ValidationError(GONE, code="gone")
    organisation = standing.lock(invitation.organisation)
    invitation.refresh_from_db(fields=["accepted_at", "revoked_at", "expires_at", "token_hash"])
    words = refusal(invitation, user)
    if words == GONE or bytes(invitation.token_hash) != token_hash:
        raise ValidationError(GONE, code="gone")
    if words:
        raise PermissionDenied(words)
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    membership = standing.membership_of(user, organisation)
    if membership is None:
        membership = Membership.objects.create(organisation=organisation, user=user, role=invitation.role)
        if invitation.with_seat:
            sit_down(membership)
        emails.accepted(invitation=invitation, membership=membership)
    return membership


def sit_down(membership: Membership) -> None:
    """On the seat that was promised; a smaller contract may have come since. Raises ValidationError."""
    organisation = membership.organisation
    seating = seats.seating_of(organisation)
    seats.require_contract(organisation, seating)
    if seating.taken >= seating.total:
        raise ValidationError(NO_SEAT_LEFT.format(organisation=organisation), code="no_seat")
    seats.sit_down(membership)


def send(invitation: Invitation, *, by: User) -> None:
    """Give it a new link, keep only the hash of that, and mail it. Raises ValidationError by field; Limited."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation.token_hash = Invitation.hash_of(token)
    invitation.expires_at = timezone.now() + Invitation.GOOD_FOR
    invitation.full_clean(exclude=["organisation", "invited_by", "accepted_by"])
    count(invitation, by)
    invitation.save()
    emails.invitation(invitation=invitation, token=token)


def count(invitation: Invitation, by: User) -> None:
    """Each of them is a mail to somebody who did not ask for it; what was refused before is none. Raises Limited.

    Beyond one limit the next is not spent, so what one organisation may send no more does not count for the others.
    """
    limits.spend("invitations", str(by.pk), BY_ONE_PERSON)
    limits.spend("invitations of one", f"{invitation.organisation_id} {invitation.email}", FROM_ONE_ORGANISATION)
    limits.spend("invitations to one address", invitation.email, TO_ONE_ADDRESS)


def check_role(role: str) -> None:
    """Raises ValidationError on `role`."""
    if role not in (Role.MANAGER, Role.MEMBER):
        raise ValidationError({"role": ValidationError(NOT_INVITED_AS, code="not_invited_as")})


def check_newcomer(organisation: Organisation, email: str) -> None:
    """Raises ValidationError on `email` for somebody who is in, or whose invitation is still good."""
    if organisation.memberships.alive().filter(user__email=email).exists():
        raise ValidationError({"email": ValidationError(MEMBER_ALREADY, code="member_already")})
    if organisation.invitations.good(timezone.now()).filter(email=email).exists():
        raise ValidationError({"email": ValidationError(INVITED_ALREADY, code="invited_already")})


def reread(invitation: Invitation) -> Invitation:
    """It as it is under the lock. Raises ValidationError if it is closed."""
    fresh = Invitation.objects.open().select_related("organisation", "invited_by").filter(pk=invitation.pk).first()
    if fresh is None:
        raise ValidationError(NOT_OPEN, code="not_open")
    return fresh


def forget_invitations() -> int:
    """Delete those that nobody followed for long; returns how many. May be cut off any time."""
    return delete_in_batches(Invitation.objects.forgotten())
