"""What is held about people who belong to an organisation, or were asked to."""

from __future__ import annotations

from django.db.models import QuerySet
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import Holding, Trace, register
from accounts.personal_data.own import addresses_of
from billing.emails import organisations as emails
from billing.models import Invitation, Membership, Organisation, Seat

SOMEBODY_ELSES = "it is about somebody else"


def end_memberships(memberships: QuerySet[Membership]) -> int:
    """They end, and say no more whose they were. Where the only owner goes, our staff are told to find another one."""
    alive = Membership.objects.alive().filter(pk__in=list(memberships.values_list("pk", flat=True)))
    owned = list(alive.owners().values_list("organisation", flat=True))
    # Of two owners who are erased at once the second one sees that the first has gone.
    owners = Membership.objects.alive().owners().filter(organisation__in=owned)
    list(owners.select_for_update(no_key=True).order_by("pk"))
    alive.update(left_at=timezone.now())
    ended = memberships.update(user=None)
    for organisation in Organisation.objects.without_owner().filter(pk__in=owned):
        emails.without_owner(organisation=organisation)
    return ended


def give_back_seats(seats: QuerySet[Seat]) -> int:
    """Free for others at once; that somebody sat there stays, as the contract is reckoned by it.

    Not under the lock of the organisation: it can only become less.
    """
    keys = list(seats.values_list("pk", flat=True))
    Seat.objects.not_over(timezone.now()).filter(pk__in=keys).update(given_back_at=Greatest(Now(), "taken_at"))
    return seats.update(user=None)


def forget_inviter(invitations: QuerySet[Invitation]) -> int:
    """Those that are open are revoked, as when somebody leaves."""
    keys = list(invitations.values_list("pk", flat=True))
    Invitation.objects.open().filter(pk__in=keys).update(revoked_at=timezone.now())
    return invitations.update(invited_by=None)


def invitations_to(person: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email__in=addresses_of(person))


register(
    Holding(
        Membership,
        title="Organisations to which you belong",
        path="user",
        exported=("organisation__name", "role", "joined_at", "left_at"),
        anonymise=end_memberships,
    ),
    Holding(
        Seat,
        title="Seats that organisations have for you",
        path="user",
        exported=("organisation__name", "taken_at", "given_back_at"),
        anonymise=give_back_seats,
    ),
    Holding(
        Invitation,
        title="Invitations of organisations that you accepted",
        path="accepted_by",
        exported=("organisation__name", "email", "role", "with_seat", "created_at", "accepted_at"),
        left_out={
            "token_hash": "it is a secret, of which only a hash is kept",
            "invited_by": SOMEBODY_ELSES,
            "expires_at": "it says how long the link was good",
            "revoked_at": "it says whether the link was made invalid",
        },
    ),
    Holding(
        Invitation,
        title="Invitations that you sent to others",
        path="invited_by",
        left_out=dict.fromkeys(
            (
                *("organisation", "email", "role", "with_seat", "created_at", "expires_at", "token_hash"),
                *("accepted_at", "accepted_by", "revoked_at"),
            ),
            SOMEBODY_ELSES,
        ),
        anonymise=forget_inviter,
    ),
    # An address to which somebody sent a link, whether or not it was followed.
    Trace(Invitation, find=invitations_to),
)
