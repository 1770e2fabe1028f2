"""Mails about organisations: to those who are invited, to members, to owners, and to our staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from common import mail
from common.addresses import absolute

if TYPE_CHECKING:
    from datetime import datetime

    from billing.models import Contract, Invitation, Membership, Organisation, Seat


def invitation(*, invitation: Invitation, token: str) -> None:
    """To the invited address, the only place where the link stands."""
    context = {
        "invitation": invitation,
        "organisation": invitation.organisation,
        "days": invitation.GOOD_FOR.days,
        "url": absolute(reverse("billing:invitation", args=[token])),
    }
    mail.send("organisation_invitation", to=invitation.email, context=context)


def accepted(*, invitation: Invitation, membership: Membership) -> None:
    """To whoever invited them, unless they are gone."""
    if invitation.invited_by is None or not invitation.invited_by.is_active:
        return
    context = {"user": invitation.invited_by, "member": membership.user, **about(membership.organisation)}
    mail.send("organisation_accepted", to=invitation.invited_by.email, context=context)


def made_owner(*, membership: Membership) -> None:
    """What they can do now."""
    tell("organisation_owner", membership)


def seat_given_back(*, membership: Membership) -> None:
    """Somebody else took it from them: what they can still read."""
    tell("organisation_seat_given_back", membership)


def seat_ends(*, seat: Seat, at: datetime) -> None:
    """A contract with fewer seats begins at this time, and they sat down among the last."""
    assert seat.user is not None  # noqa: S101 - an erased person sits nowhere
    context = {"user": seat.user, "ends_at": at, **about(seat.organisation)}
    mail.send("organisation_seat_ends", to=seat.user.email, context=context)


def contract_ends(*, contract: Contract, owner: Membership) -> None:
    """Days before the end, while there is time to make another one."""
    tell("organisation_contract_ends", owner, contract=contract, days=contract.reminded)


def without_owner(*, organisation: Organisation) -> None:
    """To our staff: the only owner was erased."""
    url = absolute(reverse("admin:billing_organisation_change", args=[organisation.pk]))
    context = {"organisation": organisation, "url": url}
    mail.send("organisation_without_owner", to=settings.STAFF_EMAIL, context=context)


def tell(template: str, membership: Membership, **more: object) -> None:
    user = membership.user
    assert user is not None  # noqa: S101 - who is erased is told nothing
    mail.send(template, to=user.email, context={"user": user, **about(membership.organisation), **more})


def about(organisation: Organisation) -> dict[str, object]:
    return {"organisation": organisation, "url": absolute(organisation.get_absolute_url())}
