"""Staff give access in the admin and take it away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.access import PREMIUM, may_read
from billing.admin.grants import AccessGrantAdmin
from billing.models import AccessGrant
from billing.models.access import END_BEFORE_START, UNKNOWN_LEVEL
from billing.services import giving
from tests.factories import make_grant, make_user

DAY = timedelta(days=1)
STATES = ("in force", "future", "ended", "revoked")
LIST = "/admin/billing/accessgrant/"
ADD = f"{LIST}add/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def fields_of(user: User, **more: str) -> dict[str, str]:
    return {
        "user": str(user.pk),
        "level": PREMIUM,
        "source": "gift",
        "starts_at_0": "2026-11-01",
        "starts_at_1": "08:00:00",
        "ends_at_0": "2090-01-01",
        "ends_at_1": "08:00:00",
        "reason": "A prize.",
    } | more


def change_address(grant: AccessGrant) -> str:
    return f"{LIST}{grant.pk}/change/"


def test_access_is_given_and_written_down(desk: Client, admin: User, learner: User) -> None:
    assert desk.get(ADD).status_code == 200
    response = desk.post(ADD, fields_of(learner))
    assert (response.status_code, response["Location"]) == (302, LIST), response.content.decode()
    grant = AccessGrant.objects.get()
    assert (grant.user, grant.given_by, grant.reason) == (learner, admin, "A prize.")
    assert (grant.starts_at, grant.ends_at) == (
        datetime(2026, 11, 1, 8, tzinfo=UTC),
        datetime(2090, 1, 1, 8, tzinfo=UTC),
    )
    assert may_read(learner, PREMIUM).until == grant.ends_at
    assert LogEntry.objects.get().object_id == str(grant.pk)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"level": "gold"}, "level", UNKNOWN_LEVEL),
        ({"ends_at_0": "2026-10-01"}, "ends_at", giving.END_IS_PAST),
        ({"starts_at_0": "2095-01-01"}, "ends_at", END_BEFORE_START),
        ({"ends_at_0": "soon"}, "ends_at", "Enter a valid date."),
        ({"reason": " "}, "reason", "This field is required."),
        ({"user": "0"}, "user", "Select a valid choice. That choice is not one of the available choices."),
    ],
)
def test_bad_input_is_an_error_at_its_field(
    desk: Client, learner: User, fields: dict[str, str], field: str, words: str
) -> None:
    response = desk.post(ADD, fields_of(learner) | fields)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors == {field: [words]}
    assert not AccessGrant.objects.exists()


def test_only_the_end_of_what_was_given_can_be_changed(desk: Client, learner: User, stranger: User) -> None:
    grant = make_grant(learner)
    response = desk.post(change_address(grant), fields_of(stranger, reason="Another."))
    assert response.status_code == 302, response.content.decode()
    before = (grant.user_id, grant.starts_at, grant.reason)
    grant.refresh_from_db()
    assert (grant.user_id, grant.starts_at, grant.reason) == before
    assert grant.ends_at == datetime(2090, 1, 1, 8, tzinfo=UTC)
    assert "ends at" in str(LogEntry.objects.get()).lower()


def test_what_is_over_is_there_to_look_at_only(desk: Client, admin: User, learner: User) -> None:
    grant = make_grant(learner, revoked_at=timezone.now(), revoked_by=admin)
    page = desk.get(change_address(grant))
    assert page.status_code == 200
    assert admin.email in page.content.decode()
    assert desk.post(change_address(grant), fields_of(learner)).status_code == 403


def test_who_is_overtaken_by_a_revocation_is_told_so(
    desk: Client, admin: User, learner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else revokes it after this form was found good, and before it is stored."""
    grant, save = make_grant(learner), AccessGrantAdmin.save_model

    def overtaken(*args: Any) -> None:
        giving.revoke_access(grant=AccessGrant.objects.get(pk=grant.pk), by=admin)
        save(*args)

    monkeypatch.setattr(AccessGrantAdmin, "save_model", overtaken)
    response = desk.post(change_address(grant), fields_of(learner), follow=True)
    assert giving.IS_OVER in response.content.decode()
    grant.refresh_from_db()
    assert grant.ends_at is None


def test_revoking_asks_first(desk: Client, learner: User, stranger: User) -> None:
    grant, other = make_grant(learner, reason="For <b>winning</b>."), make_grant(stranger)
    page = desk.post(LIST, {"action": "revoke", "_selected_action": [str(grant.pk)]}).content.decode()
    assert f"premium for {learner}" in page
    assert "For &lt;b&gt;winning" in page
    assert str(stranger) not in page
    assert AccessGrant.objects.in_force(timezone.now()).count() == 2
    assert not LogEntry.objects.exists()
    assert other.revoked_at is None


def test_revoking_closes_what_is_not_over_and_is_written_down(desk: Client, admin: User, learner: User) -> None:
    grant = make_grant(learner)
    over = make_grant(learner, revoked_at=timezone.now() - DAY, starts_at=timezone.now() - 2 * DAY)
    action = {"action": "revoke", "confirmed": "yes", "_selected_action": [str(grant.pk), str(over.pk)]}
    response = desk.post(LIST, action, follow=True)
    assert "Revoked: 1. Over already: 1." in response.content.decode()
    assert not may_read(learner, PREMIUM).allowed
    grant.refresh_from_db()
    assert grant.revoked_by == admin
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.get_change_message()) == (str(grant.pk), "Revoked.")


def test_nothing_is_deleted(desk: Client, learner: User) -> None:
    grant = make_grant(learner)
    assert desk.post(f"{LIST}{grant.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(LIST, {"action": "delete_selected", "post": "yes", "_selected_action": [str(grant.pk)]})
    assert AccessGrant.objects.count() == 1


def test_the_list_is_narrowed_by_state(desk: Client) -> None:
    now = timezone.now()
    people = {state: make_user() for state in STATES}
    make_grant(people["in force"])
    make_grant(people["future"], starts_at=now + DAY)
    make_grant(people["ended"], starts_at=now - 2 * DAY, ends_at=now - DAY)
    make_grant(people["revoked"], starts_at=now - 2 * DAY, ends_at=now + DAY, revoked_at=now)
    for state in STATES:
        shown = desk.get(LIST, {"state": state}).context["cl"].result_list
        assert [grant.user for grant in shown] == [people[state]]
        assert [grant.state_then for grant in shown] == [state]
    for nothing_asked in ({}, {"state": "odd"}):
        assert len(desk.get(LIST, nothing_asked).context["cl"].result_list) == len(STATES)


def test_one_grant_is_alive_where_the_list_says_so(learner: User) -> None:
    now = timezone.now()
    for fields in ({}, {"starts_at": now + DAY}, {"ends_at": now}, {"ends_at": now + DAY}, {"revoked_at": now}):
        make_grant(learner, **{"starts_at": now - DAY} | fields)
    grants = list(AccessGrant.objects.all())
    alive = set(AccessGrant.objects.alive())
    assert {grant for grant in grants if grant.is_alive} == alive == set(AccessGrant.objects.not_over(timezone.now()))
    assert (len(grants), len(alive)) == (5, 3)


@pytest.mark.parametrize("words", ["learner@howtoai", "lea-learner"])
def test_people_are_found_by_address_and_handle(desk: Client, learner: User, stranger: User, words: str) -> None:
    make_grant(learner)
    make_grant(stranger)
    shown = desk.get(LIST, {"q": words}).context["cl"].result_list
    assert [grant.user for grant in shown] == [learner]


def test_more_grants_need_no_more_queries(
    desk: Client, learner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_grant(learner)
    desk.get(LIST)
    with CaptureQueriesContext(connection) as few:
        desk.get(LIST)
    for _ in range(5):
        make_grant(make_user())
    with django_assert_num_queries(len(few)):
        desk.get(LIST)


@pytest.mark.parametrize("role", ["author", "moderator"])
def test_other_staff_see_and_give_nothing(client: Client, learner: User, role: str) -> None:
    client.force_login(make_user(role=role))
    grant = make_grant(learner)
    assert [client.get(address).status_code for address in (LIST, ADD, change_address(grant))] == [403] * 3
    assert client.post(ADD, fields_of(learner)).status_code == 403
    action = {"action": "revoke", "confirmed": "yes", "_selected_action": [str(grant.pk)]}
    assert client.post(LIST, action).status_code == 403
    assert may_read(learner, PREMIUM).allowed
