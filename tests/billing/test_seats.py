"""Seats of organisations: who sits, what that opens and until when."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings as site
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from accounts.services import erasure
from billing.access import PREMIUM, may_read
from billing.models import AccessGrant, Contract, Membership, Organisation, Role, Seat, Source
from billing.models.organisations import CONTRACTS_OVERLAP
from billing.services import contracts, organisations, seats, standing
from tests.at_once import alone, at_once, messages, overtaken
from tests.billing.organisations import DAY, add, join, make_contract, make_organisation
from tests.factories import make_user


@pytest.fixture
def company(learner: User, admin: User) -> Organisation:
    """Three seats for a year, owned by the learner, who has none of them."""
    return make_organisation(learner, by=admin, seats=3, name="Company")


def opens_to(user: User, days: float = 0) -> bool:
    """Whether Premium is open to somebody so many days from now."""
    return may_read(user, PREMIUM, timezone.now() + timedelta(days=days)).allowed


def user_of(membership: Membership) -> User:
    assert membership.user is not None
    return membership.user


def test_a_seat_opens_premium_until_the_contract_ends(company: Organisation, admin: User, stranger: User) -> None:
    assert not may_read(stranger, PREMIUM).allowed
    join(company, stranger, by=admin)
    access = may_read(stranger, PREMIUM)
    assert (access.allowed, access.why, access.until) == (True, "seat", Contract.objects.get().ends_at)
    assert not opens_to(stranger, days=366)
    grant = AccessGrant.objects.get()
    assert (grant.source, grant.seat, grant.subscription) == (Source.SEAT, Seat.objects.get(), None)


def test_a_seat_that_is_given_back_closes_at_once_and_stays_on_record(company: Organisation, admin: User) -> None:
    member = join(company, by=admin)
    later = timezone.now() + DAY
    with time_machine.travel(later):
        seats.give_back_seat(membership=member, by=admin)
        assert not may_read(user_of(member), PREMIUM).allowed
    assert opens_to(user_of(member), days=0.5)
    assert not opens_to(user_of(member), days=1.01)
    seats.give_back_seat(membership=member, by=admin)
    assert Seat.objects.count() == 1


def test_who_sits_down_again_has_a_second_seat_on_record(company: Organisation, admin: User) -> None:
    member = join(company, by=admin)
    seats.give_back_seat(membership=member, by=admin)
    seats.take_seat(membership=member, by=admin)
    seats.take_seat(membership=member, by=admin)
    assert may_read(user_of(member), PREMIUM).allowed
    assert Seat.objects.count() == 2


def test_no_more_sit_than_the_contract_has_seats(company: Organisation, admin: User) -> None:
    for _ in range(3):
        add(company, by=admin, seat=True)
    late = add(company, by=admin)
    with pytest.raises(ValidationError, match=r"All seats of Company \(3\) are taken or promised"):
        seats.take_seat(membership=late, by=admin)
    seats.give_back_seat(membership=Membership.objects.order_by("id")[1], by=admin)
    seats.take_seat(membership=late, by=admin)
    assert seats.seating_of(company).free == 0


def test_without_a_contract_nobody_sits_down(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, name="Company")
    with pytest.raises(ValidationError, match="Company has no contract in force"):
        seats.take_seat(membership=Membership.objects.get(), by=learner)
    make_contract(company, by=admin, starts_at=timezone.now() + DAY)
    with pytest.raises(ValidationError, match="no contract in force"):
        seats.take_seat(membership=Membership.objects.get(), by=learner)


def test_a_contract_that_ends_early_closes_its_seats_then(company: Organisation, admin: User) -> None:
    member = user_of(join(company, by=admin))
    contract = Contract.objects.get()
    contracts.end_contract(contract=contract, at=timezone.now() + 10 * DAY, by=admin)
    assert opens_to(member, days=9)
    assert not opens_to(member, days=11)
    contracts.end_contract(contract=contract, by=admin)
    assert not may_read(member, PREMIUM).allowed
    with pytest.raises(ValidationError, match="over and stays as a record"):
        contracts.end_contract(contract=contract, by=admin)


def test_a_contract_that_follows_goes_on_with_the_seats(company: Organisation, admin: User) -> None:
    member = user_of(join(company, by=admin))
    end = Contract.objects.get().ends_at
    make_contract(company, by=admin, starts_at=end, ends_at=end + 365 * DAY)
    assert may_read(member, PREMIUM).until == end + 365 * DAY


def test_after_a_gap_between_contracts_the_same_people_sit(company: Organisation, admin: User) -> None:
    member = user_of(join(company, by=admin))
    contracts.end_contract(contract=Contract.objects.get(), by=admin)
    with time_machine.travel(timezone.now() + 5 * DAY):
        # Signed late: what was closed meanwhile stays as having been closed.
        make_contract(company, by=admin, starts_at=timezone.now() - 2 * DAY)
        assert may_read(member, PREMIUM).allowed
        assert not may_read(member, PREMIUM, timezone.now() - DAY).allowed


def test_a_change_is_a_new_contract_and_the_one_before_ends_there(company: Organisation, admin: User) -> None:
    member = user_of(join(company, by=admin))
    start = timezone.now() + 10 * DAY
    make_contract(company, by=admin, seats=5, starts_at=start)
    before, after = Contract.objects.order_by("starts_at")
    assert (before.ends_at, after.starts_at) == (start, start)
    assert may_read(member, PREMIUM).until == after.ends_at


def test_where_fewer_seats_follow_those_who_came_last_get_up_then(company: Organisation, admin: User) -> None:
    first, second, third = (user_of(add(company, by=admin, seat=True)) for _ in range(3))
    start = timezone.now() + 10 * DAY
    make_contract(company, by=admin, seats=1, starts_at=start)
    assert [opens_to(each, days=9) for each in (first, second, third)] == [True] * 3
    assert [opens_to(each, days=11) for each in (first, second, third)] == [True, False, False]
    # Somebody who goes meanwhile makes room for the next.
    seats.give_back_seat(membership=Membership.objects.get(user=first), by=admin)
    assert [opens_to(each, days=11) for each in (second, third)] == [True, False]
    assert Seat.objects.taken(start).count() == 1


def test_contracts_do_not_overlap(company: Organisation, admin: User) -> None:
    now = timezone.now()
    with pytest.raises(ValidationError) as refusal:
        make_contract(company, by=admin, starts_at=now - DAY)
    assert refusal.value.message_dict == {"starts_at": [CONTRACTS_OVERLAP]}
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.create(organisation=company, seats=1, annual_amount=1, ends_at=now + DAY)
    other = make_organisation(make_user(), by=admin, seats=1)
    assert other.contracts.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"seats": 0}, "seats"),
        ({"currency": "usd"}, "currency"),
        ({"ends_at": timezone.now() - DAY}, "ends_at"),
        ({"starts_at": timezone.now() + 400 * DAY}, "ends_at"),
    ],
)
def test_what_makes_no_contract_is_refused_by_field(
    learner: User, admin: User, fields: dict[str, Any], field: str
) -> None:
    company = make_organisation(learner, by=admin)
    with pytest.raises(ValidationError) as refusal:
        make_contract(company, by=admin, **fields)
    assert field in refusal.value.message_dict
    assert not Contract.objects.exists()


def test_a_contract_that_has_not_begun_goes_without_a_trace(company: Organisation, admin: User) -> None:
    member = user_of(join(company, by=admin))
    end = Contract.objects.get().ends_at
    coming = make_contract(company, by=admin, starts_at=end, ends_at=end + DAY)
    contracts.end_contract(contract=coming, by=admin)
    assert Contract.objects.count() == 1
    assert may_read(member, PREMIUM).until == end


def test_contracts_are_made_and_ended_by_staff_alone(company: Organisation, learner: User, moderator: User) -> None:
    for person in (learner, moderator):
        with pytest.raises(PermissionDenied):
            make_contract(company, by=person)
        with pytest.raises(PermissionDenied):
            contracts.end_contract(contract=Contract.objects.get(), by=person)


def test_a_person_may_sit_in_two_organisations(company: Organisation, admin: User, stranger: User) -> None:
    other = make_organisation(make_user(), by=admin, seats=1)
    join(company, stranger, by=admin)
    in_other = join(other, stranger, by=admin)
    organisations.leave(organisation=company, user=stranger)
    assert may_read(stranger, PREMIUM).allowed
    seats.give_back_seat(membership=in_other, by=stranger)
    assert not may_read(stranger, PREMIUM).allowed


def test_managers_deal_with_members_and_owners_with_all(company: Organisation, learner: User, admin: User) -> None:
    manager, other, member = (
        add(company, Role.MANAGER, by=admin),
        add(company, Role.MANAGER, by=admin),
        add(company, by=admin),
    )
    seats.take_seat(membership=member, by=user_of(manager))
    for denied in (other, Membership.objects.get(user=learner)):
        with pytest.raises(PermissionDenied, match="Only an owner of Company"):
            seats.take_seat(membership=denied, by=user_of(manager))
        with pytest.raises(PermissionDenied, match="Only an owner of Company"):
            organisations.remove_member(membership=denied, by=user_of(manager))
    with pytest.raises(PermissionDenied, match="Only owners and managers of Company"):
        seats.take_seat(membership=other, by=user_of(member))
    with pytest.raises(PermissionDenied, match="Only an owner"):
        organisations.change_role(membership=manager, role=Role.OWNER, by=user_of(manager))
    organisations.remove_member(membership=manager, by=learner)
    organisations.remove_member(membership=member, by=user_of(other))
    assert not may_read(user_of(member), PREMIUM).allowed


def test_the_only_owner_can_neither_leave_nor_step_down(company: Organisation, learner: User, admin: User) -> None:
    own = Membership.objects.get(user=learner)
    refusals = standing.LAST_OWNER.format(organisation="Company")
    with pytest.raises(ValidationError, match=refusals):
        organisations.leave(organisation=company, user=learner)
    with pytest.raises(ValidationError, match=refusals):
        organisations.change_role(membership=own, role=Role.MEMBER, by=learner)
    heir = add(company, by=admin)
    organisations.hand_over(membership=heir, by=learner)
    assert dict(Membership.objects.values_list("user", "role")) == {learner.pk: "manager", heir.user_id: "owner"}
    organisations.leave(organisation=company, user=learner)
    assert Membership.objects.alive().get() == heir


def erase(person: User) -> None:
    User.objects.filter(pk=person.pk).update(erase_after=timezone.now() - DAY)
    assert erasure.erase_if_due(person.pk)


def test_the_seat_of_somebody_erased_is_free_and_its_time_stays(company: Organisation, admin: User) -> None:
    member = join(company, by=admin)
    erase(user_of(member))
    member.refresh_from_db()
    seat = Seat.objects.get()
    assert (member.user, seat.user) == (None, None)
    assert member.left_at is not None
    assert seat.given_back_at is not None
    assert not AccessGrant.objects.exists()
    assert seats.seating_of(company).free == 3


def test_our_staff_are_told_when_the_only_owner_is_erased_and_name_another(
    company: Organisation,
    learner: User,
    admin: User,
    stranger: User,
    mailoutbox: list[EmailMessage],
) -> None:
    member = user_of(join(company, by=admin))
    with TestCase.captureOnCommitCallbacks(execute=True):
        erase(learner)
    assert "Company has no owner" in [letter.subject for letter in mailoutbox]
    assert list(Organisation.objects.without_owner()) == [company]
    assert may_read(member, PREMIUM).allowed
    organisations.name_owner(organisation=company, user=stranger, by=admin)
    assert not Organisation.objects.without_owner().exists()


def test_owners_are_reminded_once_thirty_and_once_seven_days_before(
    company: Organisation, learner: User, mailoutbox: list[EmailMessage]
) -> None:
    end = Contract.objects.get().ends_at
    reminded = []
    for days in (31, 30, 29, 7, 6, 1, -1):
        with time_machine.travel(end - days * DAY, tick=False), TestCase.captureOnCommitCallbacks(execute=True):
            reminded.append(contracts.remind_of_contracts())
    assert reminded == [0, 1, 0, 1, 0, 0, 0]
    assert [letter.to for letter in mailoutbox] == [[learner.email]] * 2


def test_nobody_is_reminded_of_a_contract_that_another_one_follows(company: Organisation, admin: User) -> None:
    end = Contract.objects.get().ends_at
    make_contract(company, by=admin, starts_at=end, ends_at=end + 365 * DAY)
    with time_machine.travel(end - 3 * DAY):
        assert contracts.remind_of_contracts() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sit_down_at_once_on_the_last_seat_one_does(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, seats=1)
    one, two = add(company, by=admin), add(company, by=admin)
    late = overtaken(
        partial(seats.take_seat, membership=one, by=admin), partial(seats.take_seat, membership=two, by=admin)
    )
    assert "are taken or promised" in messages(late)[0]
    assert Seat.objects.get().user == one.user


@pytest.mark.django_db(transaction=True)
def test_one_who_asks_several_times_at_once_sits_once(learner: User, admin: User) -> None:
    make_organisation(learner, by=admin, seats=3)
    own = Membership.objects.get()
    assert at_once(partial(seats.take_seat, membership=own, by=learner), times=4) == [None] * 4
    assert Seat.objects.count() == AccessGrant.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(company: Organisation, learner: User, admin: User) -> None:
    other = add(company, Role.OWNER, by=admin)
    late = overtaken(
        partial(organisations.leave, organisation=company, user=learner),
        partial(organisations.leave, organisation=company, user=user_of(other)),
    )
    assert messages(late) == [standing.LAST_OWNER.format(organisation="Company")]
    assert Membership.objects.alive().get() == other


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_one_leaves_as_the_other_is_erased(company: Organisation, learner: User, admin: User) -> None:
    other = user_of(add(company, Role.OWNER, by=admin))
    late = overtaken(partial(is_erased, other), partial(organisations.leave, organisation=company, user=learner))
    assert messages(late) == [standing.LAST_OWNER.format(organisation="Company")]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_erased_while_another_owner_leaves_but_thereafter(
    company: Organisation, learner: User, admin: User, mailoutbox: list[EmailMessage]
) -> None:
    other = user_of(add(company, Role.OWNER, by=admin))
    assert passed_over(other, meanwhile=partial(organisations.leave, organisation=company, user=learner))
    mailoutbox.clear()
    assert is_erased(other)
    assert [letter.to for letter in mailoutbox].count([site.STAFF_EMAIL]) == 1


@pytest.mark.django_db(transaction=True)
def test_where_both_owners_are_erased_at_once_our_staff_hear_of_it(
    company: Organisation, learner: User, admin: User, mailoutbox: list[EmailMessage]
) -> None:
    other = add(company, Role.OWNER, by=admin)
    mailoutbox.clear()
    assert overtaken(partial(is_erased, learner), partial(is_erased, user_of(other))) is True
    assert [letter.to for letter in mailoutbox].count([site.STAFF_EMAIL]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_contract_is_made_after_one_who_sits_was_erased(company: Organisation, admin: User) -> None:
    gone = user_of(add(company, by=admin, seat=True))
    overtaken(partial(is_erased, gone), partial(sign_another, company, admin))
    assert company.contracts.count() == 2
    assert not AccessGrant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_is_erased_while_a_contract_is_made_but_thereafter(company: Organisation, admin: User) -> None:
    gone = user_of(add(company, by=admin, seat=True))
    assert passed_over(gone, meanwhile=partial(sign_another, company, admin))
    assert AccessGrant.objects.filter(user=gone).count() == 2
    assert is_erased(gone)


def sign_another(company: Organisation, by: User) -> Contract:
    return make_contract(company, by=by, seats=5, starts_at=timezone.now() + 30 * DAY)


def passed_over(person: User, *, meanwhile: Callable[[], object]) -> bool:
    """Whether an erasure that begins before this is committed leaves somebody for the next run."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        meanwhile()
        return pool.submit(alone, partial(is_erased, person)).result(timeout=20) is False


def is_erased(person: User) -> bool:
    User.objects.filter(pk=person.pk).update(erase_after=timezone.now() - DAY)
    return erasure.erase_if_due(person.pk)


@pytest.mark.django_db(transaction=True)
def test_who_sits_down_as_the_contract_shrinks_is_counted(learner: User, admin: User) -> None:
    company = make_organisation(learner, by=admin, seats=3)
    add(company, by=admin, seat=True)
    late = overtaken(
        partial(make_contract, company, by=admin, seats=1),
        partial(seats.take_seat, membership=Membership.objects.get(user=learner), by=learner),
    )
    assert "are taken or promised" in messages(late)[0]


# What may happen, and to which of five people or contracts.
deeds = st.tuples(st.sampled_from(("sit", "rise", "sign", "end", "wait")), st.integers(0, 4))


class AnyOrder(TestCase):
    """Whatever happens in whatever order: access is open to those who sit while a contract has a seat for them."""

    @settings(max_examples=20, deadline=None)
    @given(st.lists(deeds, max_size=12))
    def test_access_is_what_seats_and_contracts_say(self, history: list[tuple[str, int]]) -> None:
        admin, now = make_user(role="administrator"), timezone.now()
        company = make_organisation(make_user(), by=admin)
        people = [add(company, by=admin) for _ in range(5)]
        open_then: list[tuple[datetime, list[bool]]] = []
        for deed, number in history:
            now += timedelta(hours=1)
            with time_machine.travel(now, tick=False):
                with suppress(ValidationError):
                    self.do(company, deed, number, people[number], admin)
                if deed == "wait":
                    now += timedelta(days=number)
            with time_machine.travel(now, tick=False):
                self.hold(company, people)
                open_then.append((now, [may_read(user_of(each), PREMIUM).allowed for each in people]))
        for moment, opened in open_then:
            assert [may_read(user_of(each), PREMIUM, moment).allowed for each in people] == opened

    def do(self, company: Organisation, deed: str, number: int, person: Membership, admin: User) -> None:
        if deed == "sit":
            seats.take_seat(membership=person, by=admin)
        elif deed == "rise":
            seats.give_back_seat(membership=person, by=admin)
        elif deed == "sign":
            start = timezone.now() + number * DAY
            make_contract(company, by=admin, seats=5 - number, starts_at=start, ends_at=start + 3 * DAY)
        elif deed == "end" and (contract := Contract.objects.not_over(timezone.now()).first()):
            contracts.end_contract(contract=contract, by=admin, at=timezone.now() + number * DAY / 2)

    def hold(self, company: Organisation, people: list[Membership]) -> None:
        for days in range(8):
            then = timezone.now() + timedelta(days=days)
            contract = company.contracts.in_force(then).first()
            sitting = set(Seat.objects.taken(then).values_list("user", flat=True))
            opened = {each.user_id for each in people if may_read(user_of(each), PREMIUM, then).allowed}
            assert opened == (sitting if contract else set())
            assert len(opened) <= (contract.seats if contract else 0)
