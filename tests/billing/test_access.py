"""Who may read what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.access import FREE, LEVELS, PREMIUM, Access, levels_open_to, may_read
from billing.models import AccessGrant
from billing.services.giving import change_end, give_access, revoke_access
from tests.factories import make_grant, make_user

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSED = Access(allowed=False, until=None, why="premium_required")


def test_free_is_open_to_all_without_a_query(
    learner: User, admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        for person in (AnonymousUser(), learner, admin):
            assert may_read(person, FREE) == Access(allowed=True, until=None, why="free")


def test_premium_is_closed_to_visitors_and_to_those_who_were_given_nothing(learner: User, stranger: User) -> None:
    make_grant(stranger)
    for person in (AnonymousUser(), learner):
        assert may_read(person, PREMIUM) == CLOSED
        assert levels_open_to(person) == {FREE}


def test_staff_read_everything_without_a_question_for_grants(
    author: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert author.acts_as_staff
    with django_assert_num_queries(0):
        assert may_read(author, PREMIUM) == Access(allowed=True, until=None, why="staff")
        assert levels_open_to(author) == set(LEVELS)


def test_staff_without_a_second_factor_read_as_everybody_else(author: User) -> None:
    Authenticator.objects.filter(user=author).delete()
    assert may_read(author, PREMIUM) == CLOSED


def test_what_was_given_is_open_until_it_ends(learner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_grant(learner, starts_at=NOON, ends_at=NOON + HOUR)
    with django_assert_num_queries(1):
        assert may_read(learner, PREMIUM, NOON) == Access(allowed=True, until=NOON + HOUR, why="complimentary")
    with django_assert_num_queries(1):
        assert levels_open_to(learner, NOON) == {FREE, PREMIUM}


def test_now_is_meant_where_no_time_is_named(learner: User) -> None:
    make_grant(learner, starts_at=NOON, ends_at=NOON + HOUR)
    with time_machine.travel(NOON, tick=False) as clock:
        assert may_read(learner, PREMIUM).allowed
        assert levels_open_to(learner) == {FREE, PREMIUM}
        clock.shift(HOUR)
        assert not may_read(learner, PREMIUM).allowed
        assert levels_open_to(learner) == {FREE}


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (NOON - timedelta(microseconds=1), False),
        (NOON, True),
        (NOON + HOUR - timedelta(microseconds=1), True),
        (NOON + HOUR, False),
    ],
)
def test_the_start_belongs_to_it_and_the_end_does_not(learner: User, at: datetime, allowed: bool) -> None:
    make_grant(learner, starts_at=NOON, ends_at=NOON + HOUR)
    assert may_read(learner, PREMIUM, at).allowed == allowed
    assert (PREMIUM in levels_open_to(learner, at)) == allowed
    assert AccessGrant.objects.in_force(at).exists() == allowed


def test_without_an_end_it_stays_open(learner: User) -> None:
    make_grant(learner, starts_at=NOON)
    assert may_read(learner, PREMIUM, NOON + 100_000 * HOUR) == Access(allowed=True, until=None, why="complimentary")


@pytest.mark.parametrize(
    ("others", "until"),
    [
        ([(1, 2)], 2),
        ([(2, 3), (1, 2)], 3),
        ([(0, 3), (1, 2)], 3),
        ([(-2, 0)], 1),
        ([(2, 3)], 1),
        ([(1, 2), (3, 4)], 2),
        ([(1, None)], None),
        ([(1, 2), (2, None)], None),
        ([(2, None)], 1),
    ],
    ids=[
        "adjacent",
        "chain",
        "overlapping",
        "before",
        "gap",
        "chain and gap",
        "endless",
        "endless chain",
        "endless gap",
    ],
)
def test_the_end_is_that_of_all_that_join_without_a_gap(
    learner: User,
    others: list[tuple[int, int | None]],
    until: int | None,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for start, end in [(0, 1), *others]:
        make_grant(learner, starts_at=NOON + start * HOUR, ends_at=None if end is None else NOON + end * HOUR)
    with django_assert_num_queries(1):
        access = may_read(learner, PREMIUM, NOON)
    assert access == Access(allowed=True, until=None if until is None else NOON + until * HOUR, why="complimentary")


def test_a_grant_of_the_future_opens_nothing_yet(learner: User) -> None:
    make_grant(learner, starts_at=NOON + HOUR)
    assert may_read(learner, PREMIUM, NOON) == CLOSED


def test_what_was_revoked_is_closed_from_that_moment_and_was_open_before(learner: User) -> None:
    make_grant(learner, starts_at=NOON, ends_at=NOON + 3 * HOUR, revoked_at=NOON + HOUR)
    assert may_read(learner, PREMIUM, NOON + HOUR) == CLOSED
    assert may_read(learner, PREMIUM, NOON) == Access(allowed=True, until=NOON + HOUR, why="complimentary")


def test_what_was_revoked_before_its_start_joins_nothing(learner: User) -> None:
    make_grant(learner, starts_at=NOON, ends_at=NOON + HOUR)
    make_grant(learner, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, revoked_at=NOON)
    assert may_read(learner, PREMIUM, NOON).until == NOON + HOUR
    assert may_read(learner, PREMIUM, NOON + HOUR) == CLOSED


def test_one_grant_ending_does_not_end_another(learner: User) -> None:
    make_grant(learner, starts_at=NOON, revoked_at=NOON + HOUR)
    make_grant(learner, starts_at=NOON, ends_at=NOON + 2 * HOUR)
    assert may_read(learner, PREMIUM, NOON + HOUR).until == NOON + 2 * HOUR


@pytest.mark.django_db
def test_who_is_banned_reads_what_is_free_and_no_more() -> None:
    for role in ("learner", "administrator"):
        banned = make_user(role=role, is_active=False)
        make_grant(banned)
        assert may_read(banned, PREMIUM) == CLOSED
        assert levels_open_to(banned) == {FREE}


def test_nothing_is_remembered_of_a_person(learner: User) -> None:
    assert not may_read(learner, PREMIUM).allowed
    grant = make_grant(learner)
    assert may_read(learner, PREMIUM).allowed
    grant.delete()
    assert not may_read(learner, PREMIUM).allowed


@pytest.mark.parametrize("level", ["", "gold", "Premium"])
def test_a_level_that_does_not_exist_is_a_mistake_of_the_caller(admin: User, level: str) -> None:
    for person in (AnonymousUser(), admin):
        with pytest.raises(ValueError, match="unknown level"):
            may_read(person, level)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"level": "gold"}, "level_known"),
        ({"level": FREE}, "level_known"),
        ({"starts_at": NOON, "ends_at": NOON}, "ends_after_start"),
        ({"starts_at": NOON, "ends_at": NOON - HOUR}, "ends_after_start"),
        ({"ends_at": datetime(9999, 12, 31, tzinfo=UTC)}, "in_range"),
        ({"starts_at": datetime(1, 1, 1, tzinfo=UTC)}, "in_range"),
    ],
)
def test_the_database_keeps_no_other_grants(learner: User, fields: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_grant(learner, **fields)


hours = st.integers(0, 8)
spans = st.lists(
    st.tuples(hours, st.one_of(st.none(), st.integers(1, 5)), st.one_of(st.none(), hours)), min_size=1, max_size=6
)


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(spans=spans, at=hours)
def test_it_is_open_up_to_the_end_that_is_named_and_closed_then(
    spans: list[tuple[int, int | None, int | None]], at: int
) -> None:
    User.objects.all().delete()
    person = make_user()
    for start, length, revoked in spans:
        starts_at = NOON + start * HOUR
        make_grant(
            person,
            starts_at=starts_at,
            ends_at=None if length is None else starts_at + length * HOUR,
            revoked_at=None if revoked is None else NOON + revoked * HOUR,
        )
    open_at = {hour for hour in range(20) if AccessGrant.objects.in_force(NOON + hour * HOUR).exists()}
    access = may_read(person, PREMIUM, NOON + at * HOUR)
    assert access.allowed == (at in open_at)
    if access.allowed:
        first_closed = min(set(range(at, 21)) - open_at)
        assert access.until == (None if first_closed == 20 else NOON + first_closed * HOUR)


def test_it_is_asked_once_and_anew_after_a_change(
    learner: User, admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert not may_read(learner, PREMIUM).allowed
    with django_assert_num_queries(0):
        assert not may_read(learner, PREMIUM).allowed
        assert levels_open_to(learner) == {FREE}
    grant = give_access(user=learner, level=PREMIUM, ends_at=None, reason="A prize.", given_by=admin, source="gift")
    assert may_read(learner, PREMIUM) == Access(allowed=True, until=None, why="gift")
    change_end(grant=grant, ends_at=timezone.now() + HOUR, by=admin)
    assert may_read(learner, PREMIUM).until == grant.ends_at
    revoke_access(grant=grant, by=admin)
    assert not may_read(learner, PREMIUM).allowed


def test_what_is_kept_opens_and_closes_by_the_clock(
    learner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        AccessGrant.objects.create(user=learner, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, reason="An hour.")
        assert not may_read(learner, PREMIUM).allowed
        with django_assert_num_queries(0):
            clock.move_to(NOON + HOUR)
            assert may_read(learner, PREMIUM).allowed
            clock.move_to(NOON + 2 * HOUR)
            assert not may_read(learner, PREMIUM).allowed
