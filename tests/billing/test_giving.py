"""Giving access, changing its end, and taking it away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from accounts.models import User
from billing.access import PREMIUM, may_read
from billing.models import AccessGrant
from billing.models.access import END_BEFORE_START, OUT_OF_RANGE, UNKNOWN_LEVEL
from billing.services import giving
from tests.factories import make_grant, make_user

DAY = timedelta(days=1)


def give(user: User, by: User, **more: Any) -> AccessGrant:
    asked: dict[str, Any] = {"level": PREMIUM, "ends_at": timezone.now() + DAY, "reason": "A prize."}
    return giving.give_access(user=user, given_by=by, **asked | more)


def test_what_is_given_opens_at_once_and_says_by_whom_and_why(admin: User, learner: User) -> None:
    grant = give(learner, admin, reason="  A prize. ")
    access = may_read(learner, PREMIUM)
    assert (access.allowed, access.until, access.why) == (True, grant.ends_at, "complimentary")
    grant.refresh_from_db()
    assert (grant.given_by, grant.reason, grant.revoked_at) == (admin, "A prize.", None)


def test_it_may_start_later_and_never_end(admin: User, learner: User) -> None:
    start = timezone.now() + DAY
    give(learner, admin, starts_at=start, ends_at=None)
    assert not may_read(learner, PREMIUM).allowed
    assert may_read(learner, PREMIUM, start).until is None


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"level": "gold"}, {"level": [UNKNOWN_LEVEL]}),
        ({"level": "free"}, {"level": [UNKNOWN_LEVEL]}),
        ({"ends_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"ends_at": [giving.END_IS_PAST]}),
        ({"starts_at": datetime(2099, 1, 1, tzinfo=UTC)}, {"ends_at": [END_BEFORE_START]}),
        ({"ends_at": datetime(9999, 1, 1, tzinfo=UTC)}, {"ends_at": [OUT_OF_RANGE]}),
        ({"starts_at": datetime(1, 1, 1, tzinfo=UTC)}, {"starts_at": [OUT_OF_RANGE]}),
        ({"reason": " "}, {"reason": ["This field cannot be blank."]}),
    ],
)
def test_bad_input_is_an_error_at_its_field(
    admin: User, learner: User, fields: dict[str, Any], refusal: dict[str, list[str]]
) -> None:
    with pytest.raises(ValidationError) as error:
        give(learner, admin, **fields)
    assert error.value.message_dict == refusal
    assert not AccessGrant.objects.exists()


@pytest.mark.parametrize("role", ["learner", "author", "moderator"])
def test_others_than_administrators_give_and_take_nothing(db: None, learner: User, role: str) -> None:
    person, grant = make_user(role=role), make_grant(learner)
    acts: list[Callable[[], object]] = [
        lambda: give(person, person),
        lambda: giving.change_end(grant=grant, ends_at=timezone.now() + DAY, by=person),
        lambda: giving.revoke_access(grant=grant, by=person),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied, match="do not have the right"):
            act()
    grant.refresh_from_db()
    assert (grant.ends_at, grant.revoked_at, AccessGrant.objects.count()) == (None, None, 1)


def test_the_right_is_nothing_without_the_second_factor_that_staff_need(admin: User, learner: User) -> None:
    Authenticator.objects.filter(user=admin).delete()
    with pytest.raises(PermissionDenied):
        give(learner, User.objects.get(pk=admin.pk))


def test_the_right_is_nothing_to_who_is_no_staff(learner: User) -> None:
    learner.user_permissions.add(Permission.objects.get(codename="add_accessgrant"))
    with pytest.raises(PermissionDenied):
        give(learner, learner)


def test_an_end_is_moved_and_taken_away(admin: User, learner: User) -> None:
    grant, end = give(learner, admin), timezone.now() + 3 * DAY
    giving.change_end(grant=grant, ends_at=end, by=admin)
    assert may_read(learner, PREMIUM).until == end
    giving.change_end(grant=grant, ends_at=None, by=admin)
    assert may_read(learner, PREMIUM).until is None


def test_an_end_is_moved_neither_into_the_past_nor_before_the_start(admin: User, learner: User) -> None:
    grant = give(learner, admin, starts_at=timezone.now() + 2 * DAY, ends_at=None)
    for end, words in ((timezone.now(), giving.END_IS_PAST), (timezone.now() + DAY, END_BEFORE_START)):
        with pytest.raises(ValidationError) as error:
            giving.change_end(grant=grant, ends_at=end, by=admin)
        assert error.value.message_dict == {"ends_at": [words]}
    grant.refresh_from_db()
    assert grant.ends_at is None


@pytest.mark.parametrize("over", [{"ends_at": "past"}, {"revoked_at": "past"}])
def test_what_is_over_is_not_opened_again(admin: User, learner: User, over: dict[str, str]) -> None:
    past = timezone.now() - DAY
    grant = make_grant(learner, starts_at=past - DAY, **dict.fromkeys(over, past))
    with pytest.raises(ValidationError, match="Give it anew"):
        giving.change_end(grant=grant, ends_at=None, by=admin)
    assert not giving.revoke_access(grant=grant, by=admin)
    grant.refresh_from_db()
    assert (grant.ends_at, grant.revoked_at) == (past if "ends_at" in over else None, grant.revoked_at)
    assert grant.revoked_by is None
    assert not may_read(learner, PREMIUM).allowed


def test_revoking_closes_at_once_and_says_who_did_it(admin: User, learner: User) -> None:
    grant = give(learner, admin)
    assert giving.revoke_access(grant=grant, by=admin)
    assert not may_read(learner, PREMIUM).allowed
    stored = AccessGrant.objects.get()
    assert (stored.revoked_at, stored.revoked_by) == (grant.revoked_at, admin)


def test_what_has_not_started_is_revoked_too(admin: User, learner: User) -> None:
    start = timezone.now() + DAY
    assert giving.revoke_access(grant=give(learner, admin, starts_at=start, ends_at=None), by=admin)
    assert not may_read(learner, PREMIUM, start).allowed


@pytest.mark.django_db(transaction=True)
def test_of_two_who_revoke_at_once_one_does_it_and_neither_fails() -> None:
    grant = make_grant(make_user())
    people = [make_user(role="administrator"), make_user(role="administrator")]
    done: dict[int, bool] = {}
    barrier = threading.Barrier(2)

    def go(person: User) -> None:
        try:
            barrier.wait(30)
            done[person.pk] = giving.revoke_access(grant=AccessGrant.objects.get(pk=grant.pk), by=person)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done.values()) == [False, True]
    grant.refresh_from_db()
    assert grant.revoked_by is not None
    assert done[grant.revoked_by.pk]
