"""Invitations to organisations: who sends them, who may follow them, and what is kept of them."""

from __future__ import annotations

from functools import partial

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMessage
from django.test import TestCase
from django.utils import timezone

from accounts.models import User
from accounts.services import erasure
from billing.access import PREMIUM, may_read
from billing.models import Invitation, Membership, Organisation, Role, Seat
from billing.models.organisations import INVITED_ALREADY, MEMBER_ALREADY
from billing.services import contracts, invitations, organisations, seats
from common.limits import Limited
from tests.at_once import alone, at_once, messages, overtaken
from tests.billing.organisations import (
    DAY,
    add,
    follow,
    invite,
    join,
    make_contract,
    make_invitation,
    make_organisation,
    token_to,
)
from tests.factories import make_user


@pytest.fixture
def company(learner: User, admin: User) -> Organisation:
    return make_organisation(learner, by=admin, seats=3, name="Company")


def accept(user: User) -> Membership:
    return follow(token_to(user.email), user)


def test_who_accepts_is_a_member_with_a_seat_and_the_inviter_is_told(
    company: Organisation, learner: User, stranger: User, mailoutbox: list[EmailMessage]
) -> None:
    sent = invite(company, " Stranger@HowToAI.example", by=learner)
    assert sent.email == stranger.email
    assert "Lea Learner invites you to join Company" in str(mailoutbox[-1].body)
    with TestCase.captureOnCommitCallbacks(execute=True):
        member = accept(stranger)
    assert (member.role, member.organisation) == (Role.MEMBER, company)
    assert may_read(stranger, PREMIUM).why == "seat"
    assert (mailoutbox[-1].to, mailoutbox[-1].subject) == ([learner.email], "Sam Stranger has joined Company")


def test_only_a_hash_of_the_link_is_kept(company: Organisation, learner: User) -> None:
    sent = invite(company, "new@howtoai.example", by=learner)
    token = token_to(sent.email)
    assert len(token) > 40
    sent.refresh_from_db()
    assert bytes(sent.token_hash) == Invitation.hash_of(token)
    assert token not in str(Invitation.objects.values().get())


def test_an_invitation_without_a_seat_takes_none(company: Organisation, learner: User, stranger: User) -> None:
    invite(company, stranger.email, by=learner, role=Role.MANAGER, with_seat=False)
    assert accept(stranger).role == Role.MANAGER
    assert not Seat.objects.exists()


def test_the_address_must_be_the_invited_one_and_confirmed(
    company: Organisation, learner: User, stranger: User
) -> None:
    new = make_user(confirmed=False)
    invite(company, new.email, by=learner)
    with pytest.raises(PermissionDenied, match=f"is for {new.email}, and you are signed in as {stranger.email}"):
        follow(token_to(new.email), stranger)
    with pytest.raises(PermissionDenied, match="Confirm your e-mail address first"):
        accept(new)
    assert Membership.objects.count() == 1


def test_a_link_is_good_once_and_for_two_weeks(company: Organisation, learner: User, stranger: User) -> None:
    invite(company, stranger.email, by=learner)
    with time_machine.travel(timezone.now() + 15 * DAY), pytest.raises(ValidationError, match="no longer works"):
        accept(stranger)
    accept(stranger)
    organisations.leave(organisation=company, user=stranger)
    with pytest.raises(ValidationError, match="no longer works"):
        accept(stranger)
    with pytest.raises(ValidationError, match="no longer works"):
        follow("x", stranger)


def test_a_revoked_link_opens_nothing(company: Organisation, learner: User, stranger: User) -> None:
    sent = invite(company, stranger.email, by=learner)
    invitations.revoke(invitation=sent, by=learner)
    invitations.revoke(invitation=sent, by=learner)
    with pytest.raises(ValidationError, match="no longer works"):
        accept(stranger)
    with pytest.raises(ValidationError, match=invitations.NOT_OPEN):
        invitations.resend(invitation=sent, by=learner)


@pytest.mark.parametrize("goes_alone", [True, False])
def test_the_open_invitations_of_who_goes_are_revoked(
    company: Organisation, learner: User, admin: User, goes_alone: bool
) -> None:
    manager, guest = add(company, Role.MANAGER, by=admin), make_user()
    other = make_organisation(make_user(), by=admin, seats=1)
    assert manager.user is not None
    invite(company, "new@howtoai.example", by=manager.user)
    invite(company, guest.email, by=manager.user, with_seat=False)
    came = accept(guest)
    kept = [invite(company, "kept@howtoai.example", by=learner), make_invitation(other, by=manager.user)]
    organisations.remove_member(membership=manager, by=manager.user if goes_alone else learner)
    assert set(Invitation.objects.open()) == set(kept)
    assert came in Membership.objects.alive()
    with pytest.raises(ValidationError, match="no longer works"):
        follow(token_to("new@howtoai.example"), make_user(email="new@howtoai.example"))


def test_an_invitation_that_was_accepted_is_not_revoked(company: Organisation, learner: User, stranger: User) -> None:
    sent = invite(company, stranger.email, by=learner)
    accept(stranger)
    with pytest.raises(ValidationError, match=invitations.NOT_OPEN):
        invitations.revoke(invitation=sent, by=learner)


def test_one_that_is_sent_again_has_a_new_link(company: Organisation, learner: User, stranger: User) -> None:
    sent = invite(company, stranger.email, by=learner)
    former = token_to(stranger.email)
    with time_machine.travel(timezone.now() + 20 * DAY):
        with TestCase.captureOnCommitCallbacks(execute=True):
            invitations.resend(invitation=sent, by=learner)
        with pytest.raises(ValidationError, match="no longer works"):
            follow(former, stranger)
        assert accept(stranger).organisation == company


def test_nobody_is_invited_twice_or_as_a_member(company: Organisation, learner: User, admin: User) -> None:
    member = join(company, by=admin)
    assert member.user is not None
    invite(company, "new@howtoai.example", by=learner)
    for email, words in ((member.user.email, MEMBER_ALREADY), ("new@howtoai.example", INVITED_ALREADY)):
        with pytest.raises(ValidationError) as refusal:
            invite(company, email, by=learner)
        assert refusal.value.message_dict == {"email": [words]}
    with time_machine.travel(timezone.now() + 15 * DAY):
        invite(company, "new@howtoai.example", by=learner)
    assert Invitation.objects.open().count() == 1


@pytest.mark.parametrize(
    ("fields", "field"), [({"email": "nobody"}, "email"), ({"role": Role.OWNER}, "role"), ({"role": "king"}, "role")]
)
def test_what_is_no_invitation_is_refused_by_field(
    company: Organisation, learner: User, fields: dict[str, str], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        invite(company, by=learner, **{"email": "new@howtoai.example"} | fields)
    assert list(refusal.value.message_dict) == [field]


def test_managers_invite_members_and_members_nobody(company: Organisation, admin: User, stranger: User) -> None:
    manager, member = add(company, Role.MANAGER, by=admin).user, add(company, by=admin).user
    assert manager is not None
    assert member is not None
    sent = invite(company, "new@howtoai.example", by=manager)
    with pytest.raises(PermissionDenied, match="Only an owner of Company"):
        invite(company, "other@howtoai.example", by=manager, role=Role.MANAGER)
    for person in (member, stranger):
        with pytest.raises(PermissionDenied, match="Only owners and managers of Company"):
            invite(company, "other@howtoai.example", by=person)
        with pytest.raises(PermissionDenied):
            invitations.revoke(invitation=sent, by=person)
        with pytest.raises(PermissionDenied):
            invitations.resend(invitation=sent, by=person)


def test_invitations_hold_their_seats(company: Organisation, learner: User, admin: User) -> None:
    for number in range(3):
        sent = invite(company, f"new-{number}@howtoai.example", by=learner)
    assert seats.seating_of(company).free == 0
    with pytest.raises(ValidationError, match="taken or promised"):
        invite(company, "late@howtoai.example", by=learner)
    invite(company, "late@howtoai.example", by=learner, with_seat=False)
    invitations.revoke(invitation=sent, by=learner)
    assert seats.seating_of(company).free == 1


def test_who_finds_no_seat_is_told_and_may_come_again(
    company: Organisation, learner: User, admin: User, stranger: User
) -> None:
    other = add(company, by=admin, seat=True)
    invite(company, stranger.email, by=learner)
    make_contract(company, by=admin, seats=1)
    with pytest.raises(ValidationError, match="All seats of Company are taken just now"):
        accept(stranger)
    assert not Membership.objects.filter(user=stranger).exists()
    seats.give_back_seat(membership=other, by=learner)
    assert accept(stranger)


def test_who_comes_when_the_contract_has_ended_is_told(
    company: Organisation, learner: User, admin: User, stranger: User
) -> None:
    invite(company, stranger.email, by=learner)
    contracts.end_contract(contract=company.contracts.get(), by=admin)
    with pytest.raises(ValidationError, match="no contract in force"):
        accept(stranger)


def test_mails_to_strangers_are_limited(company: Organisation, learner: User) -> None:
    for _ in range(5):
        invitations.revoke(invitation=invite(company, "new@howtoai.example", by=learner), by=learner)
    with pytest.raises(Limited):
        invite(company, "new@howtoai.example", by=learner)
    assert Invitation.objects.count() == 5


def test_an_invitation_that_is_refused_counts_for_nothing(company: Organisation, learner: User) -> None:
    sent = invite(company, "new@howtoai.example", by=learner)
    for _ in range(6):
        with pytest.raises(ValidationError, match=INVITED_ALREADY):
            invite(company, "new@howtoai.example", by=learner)
    for _ in range(4):
        invitations.resend(invitation=sent, by=learner)
    with pytest.raises(Limited):
        invitations.resend(invitation=sent, by=learner)


def test_one_organisation_keeps_no_other_from_an_address_and_all_together_send_twenty(
    company: Organisation, learner: User, admin: User
) -> None:
    def mail_once(organisation: Organisation, by: User) -> None:
        invitations.revoke(invitation=invite(organisation, "new@howtoai.example", by=by), by=by)

    others = [make_organisation(make_user(), by=admin, seats=1) for _ in range(3)]
    for other in others:
        for _ in range(5):
            mail_once(other, admin)
        for _ in range(5):
            with pytest.raises(Limited):
                mail_once(other, admin)
    for _ in range(5):
        mail_once(company, learner)
    with pytest.raises(Limited):
        mail_once(make_organisation(make_user(), by=admin, seats=1), admin)
    assert Invitation.objects.count() == 20


def test_addresses_of_who_never_came_are_forgotten(company: Organisation, learner: User, stranger: User) -> None:
    make_invitation(company, by=learner, expires_at=timezone.now() - 91 * DAY)
    kept = make_invitation(company, by=learner, expires_at=timezone.now() - 89 * DAY)
    accepted = make_invitation(
        company, by=learner, expires_at=timezone.now() - 91 * DAY, accepted_at=timezone.now(), accepted_by=stranger
    )
    assert invitations.forget_invitations() == 1
    assert set(Invitation.objects.all()) == {kept, accepted}


def test_erasure_takes_invitations_to_somebody_and_keeps_those_they_sent(
    company: Organisation, learner: User, admin: User, stranger: User
) -> None:
    invite(company, stranger.email, by=learner)
    sent = make_invitation(company, by=stranger)
    User.objects.filter(pk=stranger.pk).update(erase_after=timezone.now() - DAY)
    assert erasure.erase_if_due(stranger.pk)
    assert Invitation.objects.get() == sent
    sent.refresh_from_db()
    assert sent.invited_by is None
    assert sent.revoked_at is not None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_for_the_last_seat_one_gets_it(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, seats=2)
    one, two = make_user(), make_user()
    for person in (one, two):
        invite(company, person.email, by=learner)
    make_contract(company, by=admin, seats=1)
    late = overtaken(partial(accept, one), partial(accept, two))
    assert "taken just now" in messages(late)[0]
    assert Seat.objects.get().user == one


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_followed_twice_at_once_makes_one_member(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, seats=2)
    new = make_user()
    invite(company, new.email, by=learner)
    outcomes = at_once(partial(accept, new), times=3)
    assert sum(isinstance(outcome, Membership) for outcome in outcomes) == 1
    assert Membership.objects.filter(user=new).count() == Seat.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_that_is_revoked_at_that_moment_is_not_accepted(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, seats=2)
    new = make_user()
    sent = invite(company, new.email, by=learner)
    late = overtaken(partial(invitations.revoke, invitation=sent, by=learner), partial(accept, new))
    assert messages(late) == [invitations.GONE]
    assert alone(partial(accept, new)).messages == [invitations.GONE]


@pytest.mark.django_db(transaction=True)
def test_who_is_removed_at_that_moment_invites_nobody_any_more(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, seats=3)
    going = add(company, Role.MANAGER, by=learner)
    assert going.user is not None
    removed = partial(organisations.remove_member, membership=going, by=learner)
    with pytest.raises(PermissionDenied):
        overtaken(removed, partial(invitations.invite, organisation=company, email="a@example.org", by=going.user))
    assert not Invitation.objects.exists()
