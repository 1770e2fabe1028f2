"""Organisations for tests, made by the services that make real ones."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import TestCase
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import User
from billing.models import Contract, Invitation, Membership, Organisation, Role
from billing.services import contracts, invitations, organisations, seats
from tests.factories import make_user, numbers

DAY = timedelta(days=1)


def make_organisation(owner: User, *, by: User, seats: int = 0, name: str = "") -> Organisation:
    """With a contract of a year for so many seats; without one for none."""
    name = name or f"Company {next(numbers)}"
    made = organisations.create_organisation(name=name, slug=slugify(name), owner=owner, by=by)
    if seats:
        make_contract(made, seats=seats, by=by)
    return made


def make_contract(organisation: Organisation, *, by: User, seats: int = 3, **fields: Any) -> Contract:
    values: dict[str, Any] = {"annual_amount": 500_000, "ends_at": timezone.now() + 365 * DAY}
    return contracts.make_contract(organisation=organisation, seats=seats, by=by, **values | fields)


def join(organisation: Organisation, user: User | None = None, *, by: User, role: str = Role.MEMBER) -> Membership:
    """By an invitation with a seat."""
    user = user or make_user()
    invite(organisation, user.email, role=role, by=by)
    return follow(token_to(user.email), user)


def follow(token: str, user: User) -> Membership:
    """Accept by the link that has this token."""
    return invitations.accept(token_hash=Invitation.hash_of(token), user=user)


def add(organisation: Organisation, role: str = Role.MEMBER, *, by: User, seat: bool = False) -> Membership:
    """A member who is simply there."""
    membership = Membership.objects.create(organisation=organisation, user=make_user(), role=role)
    if seat:
        seats.take_seat(membership=membership, by=by)
    return membership


def invite(organisation: Organisation, email: str, *, by: User, **fields: Any) -> Invitation:
    """With its mail, which leaves after the commit."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return invitations.invite(organisation=organisation, email=email, by=by, **fields)


def make_invitation(organisation: Organisation, *, by: User, **fields: Any) -> Invitation:
    """A row as it stands after its mail has left."""
    values: dict[str, Any] = {
        "email": f"invited-{next(numbers)}@howtoai.example",
        "invited_by": by,
        "expires_at": timezone.now() + Invitation.GOOD_FOR,
        "token_hash": Invitation.hash_of(f"token-{next(numbers)}"),
    }
    return Invitation.objects.create(organisation=organisation, **values | fields)


def token_to(email: str) -> str:
    """Out of the last mail to this address that has a link of an invitation."""
    for letter in reversed(mail.outbox):
        found = re.search(r"/billing/invitations/([\w-]+)/", str(letter.body))
        if letter.to == [email] and found:
            return found.group(1)
    raise AssertionError(f"no invitation was mailed to {email}")
