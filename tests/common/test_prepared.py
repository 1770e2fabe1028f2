"""What is prepared finds what its query would find; a query that depends on more than its values is refused."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import BrowserSession, Session, User
from accounts.services import sessions
from common.prepared import NotPreparable, Prepared
from tests.factories import make_user
from tutorials.models import Bookmark, Tutorial

OF_PERSON: Prepared[User] = Prepared(
    lambda email, at: (
        User.objects.filter(email=email, date_joined__lt=at).select_related("profile").annotate(joined=F("date_joined"))
    ),
    email=str,
    at=datetime,
)


def values_of(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_it_finds_what_the_query_finds(
    learner: User, stranger: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for person in (learner, stranger, learner):
        at = timezone.now()
        with django_assert_num_queries(1):
            found = OF_PERSON.first(email=person.email, at=at)
            assert found is not None
            assert found.profile.user == found
        plain = OF_PERSON.build(email=person.email, at=at)[0]
        assert values_of(found) == values_of(plain)
        assert values_of(found.profile) == values_of(plain.profile)
        assert found._state.db == plain._state.db
        assert not found._state.adding


def test_each_value_is_asked_for(learner: User) -> None:
    assert OF_PERSON.first(email="nobody@howtoai.example", at=timezone.now()) is None
    assert OF_PERSON.first(email=learner.email, at=learner.date_joined) is None


def test_what_was_found_can_be_changed(learner: User) -> None:
    found = OF_PERSON.first(email=learner.email, at=timezone.now())
    assert found is not None
    found.name = "Lea Other"
    found.save(update_fields=["name"])
    learner.refresh_from_db()
    assert learner.name == "Lea Other"


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda pk: User.objects.filter(pk=pk, date_joined__lt=timezone.now()), "another each time"),
        (lambda pk: User.objects.filter(is_active=bool(pk)), "not all of"),
    ],
)
def test_a_query_that_is_not_the_same_each_time_is_refused(db: None, build: Any, complaint: str) -> None:
    prepared: Prepared[User] = Prepared(build, pk=int)
    with pytest.raises(NotPreparable, match=complaint):
        prepared.first(pk=1)


def test_two_values_of_one_type_are_not_taken_for_each_other(learner: User, stranger: User) -> None:
    prepared: Prepared[User] = Prepared(lambda a, b: User.objects.filter(email=a).exclude(name=b), a=str, b=str)
    assert prepared.first(a=learner.email, b=stranger.email) == learner
    assert prepared.first(b=stranger.email, a=stranger.email) == stranger
    assert prepared.first(a=learner.email, b=learner.name) is None
    assert prepared.first(a=learner.name, b=learner.email) is None


def test_a_session_that_is_over_is_not_found(learner: User) -> None:
    """`find_alive` is prepared at its first use; each later one asks with the time of its own."""
    client = Client()
    client.force_login(learner)
    session = Session.objects.get(user=learner)
    found = sessions.find_alive(session.pk)
    assert found is not None
    assert values_of(found) == values_of(Session.objects.alive().with_confirmation().get(pk=session.pk))
    assert found.user.is_confirmed
    assert sessions.find_alive(uuid.uuid4()) is None
    for over in (
        {"expires_at": timezone.now() - timedelta(microseconds=1)},
        {"ended_at": timezone.now(), "end_reason": "revoked"},
    ):
        before = {name: getattr(session, name) for name in over}
        Session.objects.filter(pk=session.pk).update(**over)
        assert sessions.find_alive(session.pk) is None
        Session.objects.filter(pk=session.pk).update(**before)
        assert sessions.find_alive(session.pk) is not None
    User.objects.filter(pk=learner.pk).update(is_active=False)
    assert sessions.find_alive(session.pk) is None


def test_a_browser_whose_django_session_has_expired_is_signed_out(learner: User) -> None:
    client = Client()
    client.force_login(learner)
    assert client.get("/learning/").status_code == 200
    stored = BrowserSession.objects.filter(session_key=client.session.session_key)
    assert stored.update(expire_date=timezone.now() - timedelta(seconds=1)) == 1
    assert client.get("/learning/").status_code == 302


def test_a_members_page_asks_once_who_it_is_for(django_assert_num_queries: DjangoAssertNumQueries, db: None) -> None:
    """The browser's session, the device and its person; the frame of the page asks for nothing."""
    client = Client()
    client.force_login(make_user())
    client.get("/nothing/")
    with django_assert_num_queries(1):
        assert client.get("/accounts/logout/").status_code == 200


def test_what_the_database_sends_is_converted_as_the_query_does(tutorial: Tutorial, learner: User) -> None:
    blocks: Prepared[Tutorial] = Prepared(
        lambda pk, slug: Tutorial.objects.filter(slug=slug).only("blocks", "published_at").with_reading_of(pk),
        pk=int,
        slug=str,
    )
    Bookmark.objects.create(user=learner, tutorial=tutorial, note="Here.")
    found = blocks.first(pk=learner.pk, slug=tutorial.slug)
    assert found is not None
    assert values_of(found) == values_of(blocks.build(pk=learner.pk, slug=tutorial.slug)[0])
    assert found.blocks == tutorial.blocks
    assert found.marked == [{"block": "", "note": "Here."}]  # type: ignore[attr-defined]  # annotated
