"""Closing somebody's account and opening it again: who may, who is told, and what acts at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.services import people, staff
from accounts.visits import Visit
from tests.accounts.clients import get, log_in
from tests.factories import make_user

VISIT = Visit(door=Door.PAGE, address="192.0.2.1", device="Firefox on Linux")
OnCommit = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture
def community_moderator(moderator: User) -> User:
    """With the right of the community to ban its members, and none to change people."""
    right, _ = Permission.objects.get_or_create(
        codename="ban_member",
        # Any type of that app would do.
        content_type=ContentType.objects.get_or_create(app_label="community", model="post")[0],
    )
    moderator.groups.get().permissions.add(right)
    return again(moderator)


def again(person: User) -> User:
    return User.objects.get(pk=person.pk)


def ban(person: User, by: User, reason: str = "Spam in every thread.") -> bool:
    return staff.ban(person=person, by=by, reason=reason, visit=VISIT)


def unban(person: User, by: User, reason: str = "") -> bool:
    return staff.unban(person=person, by=by, reason=reason, visit=VISIT)


def test_who_is_banned_is_signed_out_recorded_and_told(
    community_moderator: User, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    access = log_in(learner.email)["access"]
    with django_capture_on_commit_callbacks(execute=True):
        assert ban(learner, community_moderator, " Spam in\nevery thread. ")
    assert not learner.is_active
    assert not again(learner).is_active
    assert get("/api/users/me", access).status_code == 401
    entry = learner.login_history.get(event=Event.BANNED)
    assert (entry.door, entry.reason) == (Door.PAGE, "Spam in every thread.")
    letter = mail.outbox[-1]
    assert letter.to == [learner.email]
    assert "The reason that they give: “Spam in every thread.”" in letter.body


def test_the_history_does_not_say_from_where_the_staff_came(community_moderator: User, learner: User) -> None:
    ban(learner, community_moderator)
    entry = learner.login_history.get(event=Event.BANNED)
    assert (entry.address, entry.device) == (None, "")


def test_who_is_banned_can_come_back(
    community_moderator: User, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    ban(learner, community_moderator)
    with django_capture_on_commit_callbacks(execute=True):
        assert unban(learner, community_moderator, "It was somebody else.")
    assert again(learner).is_active
    assert learner.login_history.get(event=Event.UNBANNED).reason == "It was somebody else."
    (letter,) = mail.outbox
    assert letter.subject == "Your account is open again"
    assert "What they say: “It was somebody else.”" in letter.body
    assert log_in(learner.email)["access"]


def test_a_reason_is_words_in_the_mail_and_no_html(
    admin: User, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ban(learner, admin, "<b>Rude</b> & loud")
    (letter,) = mail.outbox
    assert "“<b>Rude</b> & loud”" in letter.body
    assert "&lt;b&gt;Rude&lt;/b&gt; &amp; loud" in str(letter.alternatives[0][0])  # type: ignore[attr-defined]


def test_doing_it_twice_changes_and_tells_nothing(
    admin: User, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert not unban(learner, admin)
        assert ban(learner, admin)
        assert not ban(learner, admin)
    assert learner.login_history.filter(event=Event.BANNED).count() == 1
    assert len(mail.outbox) == 1


def test_without_the_right_nobody_is_banned(author: User, stranger: User, learner: User) -> None:
    for by in (author, stranger):
        with pytest.raises(PermissionDenied, match="You may not close the accounts of others"):
            ban(learner, by)
    User.objects.filter(pk=learner.pk).update(is_active=False)
    with pytest.raises(PermissionDenied, match="You may not close the accounts of others"):
        unban(again(learner), stranger)


def test_a_right_without_the_second_factor_is_none(admin: User, learner: User, settings: Any) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    Authenticator.objects.filter(user=admin).delete()
    with pytest.raises(PermissionDenied, match="You may not close the accounts of others"):
        ban(learner, again(admin))


def test_nobody_bans_or_brings_back_those_with_more_rights(
    community_moderator: User, author: User, admin: User
) -> None:
    for person in (author, admin):
        with pytest.raises(PermissionDenied, match="has rights that you do not have"):
            ban(person, community_moderator)
        assert again(person).is_active
    User.objects.filter(pk=author.pk).update(is_active=False)
    with pytest.raises(PermissionDenied, match="has rights that you do not have"):
        unban(again(author), community_moderator)
    assert not again(author).is_active


def test_nobody_bans_themselves(community_moderator: User) -> None:
    with pytest.raises(ValidationError, match="You cannot close your own account here"):
        ban(community_moderator, community_moderator)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", staff.WITHOUT_REASON),
        (" \n ", staff.WITHOUT_REASON),
        ("x" * 501, "Say it in at most 500 characters."),
        ("null\0", "Control characters are not allowed."),
        ("about\u202eturn", "Use letters, digits and signs on one line."),
    ],
)
def test_a_reason_that_cannot_be_told_is_refused(admin: User, learner: User, reason: str, words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        ban(learner, admin, reason)
    assert refusal.value.message_dict == {"reason": [words]}
    assert again(learner).is_active


def test_the_longest_reason_is_told_whole_and_recorded_shortened(
    admin: User, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ban(learner, admin, "x" * 500)
    assert "x" * 500 in mail.outbox[0].body
    assert learner.login_history.get(event=Event.BANNED).reason == "x" * 200


def test_the_checkbox_of_the_admin_records_and_tells_too(
    client: Client, admin: User, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    client.force_login(admin)
    address = reverse("admin:accounts_user_change", args=[learner.pk])
    inline = {f"emailaddress_set-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    fields = {"email": learner.email, "name": learner.name, "role": "learner"} | inline
    for extra, event, words in (
        ({}, Event.BANNED, "our staff have closed your account"),
        ({"is_active": "on"}, Event.UNBANNED, "our staff have opened your account again"),
    ):
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(address, fields | extra).status_code == 302
        assert again(learner).is_active is bool(extra)
        assert learner.login_history.filter(event=event).count() == 1
        (letter,) = mail.outbox
        assert words in letter.body
        assert "“" not in letter.body


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_administrators_who_ban_each_other_one_stays() -> None:
    both = [make_user(role="administrator"), make_user(role="administrator")]
    refused: list[str] = []
    barrier = threading.Barrier(2)

    def ban_other(by: User, person: User) -> None:
        try:
            barrier.wait()
            ban(person, by)
        except ValidationError as error:
            refused.extend(error.messages)
        finally:
            connection.close()

    threads = [threading.Thread(target=ban_other, args=pair) for pair in (both, both[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [people.LAST_ADMINISTRATOR]
    assert User.objects.all().administrators().count() == 1
