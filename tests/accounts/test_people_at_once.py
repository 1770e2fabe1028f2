"""People who are changed by themselves and by staff at the same moment, each with a connection of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.middleware import CHANGED_MEANWHILE
from accounts.models import Role, User
from accounts.models.sessions import Door
from accounts.services import addresses, erasure, people, staff
from accounts.session_store import SESSION_KEY
from accounts.visits import Visit
from tests.at_once import messages, overtaken
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)

VISIT = Visit(door=Door.PAGE, address="192.0.2.1", device="Firefox on Linux")
NEW_PASSWORD = "a wholly different horse"


def change_password(client: Client) -> Any:
    passwords = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return client.post(reverse("account_change_password"), passwords)


def remove_password(client: Client, person: User) -> Any:
    fields = {"usable_password": "false", "unset-password": "1"}
    return client.post(reverse("admin:auth_user_password_change", args=[person.pk]), fields)


def ban(person: User, by: User) -> None:
    assert staff.ban(person=User.objects.get(pk=person.pk), by=by, reason="Spam.", visit=VISIT)


def move(person: User, by: User) -> None:
    addresses.replace(user=User.objects.get(pk=person.pk), email="another@howtoai.example", confirmed=True, visit=VISIT)


def leave(person: User, by: User) -> None:
    erasure.ask(user=User.objects.get(pk=person.pk), visit=VISIT, password=PASSWORD)


def demote(person: User, by: User) -> None:
    people.set_role(user=User.objects.get(pk=person.pk), role=Role.LEARNER)


@pytest.mark.parametrize("deed", [ban, move, leave, demote])
@pytest.mark.parametrize("door", ["own page", "admin"])
def test_a_new_password_takes_back_nothing_that_is_done_at_that_moment(
    admin: User, moderator: User, deed: Callable[..., None], door: str
) -> None:
    client = Client()
    client.force_login(moderator if door == "own page" else admin)
    write = partial(change_password, client) if door == "own page" else partial(remove_password, client, moderator)
    before = User.objects.get(pk=moderator.pk)
    assert overtaken(partial(deed, moderator, admin), write).status_code == 302
    after = User.objects.get(pk=moderator.pk)
    assert after.password != before.password
    changed = {name for name in ("is_active", "email", "erase_after", "is_staff") if differ(before, after, name)}
    assert changed == {ban: {"is_active"}, move: {"email"}, leave: {"erase_after"}, demote: {"is_staff"}}[deed]


def differ(before: User, after: User, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def sign_in(client: Client, person: User) -> Any:
    return client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)


def test_of_two_new_passwords_at_once_the_second_does_not_come_through_with_the_old_one(learner: User) -> None:
    client = Client()
    client.force_login(learner)

    def quicker() -> None:
        person = User.objects.get(pk=learner.pk)
        person.set_password("the password of the owner")
        person.save()

    response = overtaken(quicker, partial(change_password, client))
    assert response.headers["Location"] == reverse("account_login")
    assert User.objects.get(pk=learner.pk).check_password("the password of the owner")
    assert not learner.sessions.filter(ended_at=None).exists()


def test_a_hash_that_is_made_anew_at_that_moment_is_no_new_password(learner: User) -> None:
    client = Client()
    client.force_login(learner)
    anew = partial(User.objects.filter(pk=learner.pk).update, password=make_password(PASSWORD))
    assert overtaken(anew, partial(change_password, client)).status_code == 302
    assert User.objects.get(pk=learner.pk).check_password(NEW_PASSWORD)


def test_who_is_banned_while_they_sign_in_is_told_to_try_again(admin: User, learner: User) -> None:
    client = Client()
    page = overtaken(partial(ban, learner, admin), partial(sign_in, client, learner))
    assert CHANGED_MEANWHILE in page.content.decode()
    assert not learner.sessions.exists()
    assert SESSION_KEY not in client.session


def test_who_is_banned_while_they_change_their_password_is_signed_out(admin: User, learner: User) -> None:
    client = Client()
    client.force_login(learner)
    response = overtaken(partial(ban, learner, admin), partial(change_password, client))
    assert response.headers["Location"] == reverse("account_login")
    assert not learner.sessions.filter(ended_at=None).exists()
    assert SESSION_KEY not in client.session


def test_of_two_who_take_one_address_at_once_the_second_hears_that_it_is_taken(learner: User, stranger: User) -> None:
    first, second = (partial(confirm, ask_change(person)) for person in (learner, stranger))
    assert messages(overtaken(first, second)) == ["There is already an account with this e-mail address."]
    learner.refresh_from_db()
    stranger.refresh_from_db()
    assert (learner.email, stranger.email) == ("one@howtoai.example", "stranger@howtoai.example")


def ask_change(person: User) -> str:
    """The token of the link that is mailed."""
    addresses.ask_change(user=person, email="one@howtoai.example")
    (link,) = re.findall(r"/email/([^/\s]+)/", str(mail.outbox[-2].body))
    return str(link)


def confirm(token: str) -> object:
    return addresses.confirm_change(token=token, visit=VISIT)


def rescue(person: User, by: User) -> None:
    """Staff give somebody another address, at which the password can be reset."""
    person = User.objects.get(pk=person.pk)
    person.email = "rescued@howtoai.example"
    staff.save_changes(person=person, role=Role.LEARNER, by=by, visit=VISIT)


def make_superuser(person: User, by: User) -> None:
    person = User.objects.get(pk=person.pk)
    person.is_superuser = True
    staff.save_changes(person=person, role=Role.LEARNER, by=by, visit=VISIT)


def refused(deed: Callable[[], Any]) -> bool:
    try:
        deed()
    except PermissionDenied:
        return True
    return False


@pytest.mark.parametrize("deed", [rescue, ban])
def test_nobody_is_changed_who_gets_more_rights_at_that_moment(
    admin: User, learner: User, deed: Callable[..., None]
) -> None:
    boss = make_user(role="administrator", is_superuser=True)
    late = partial(refused, partial(deed, learner, admin))
    assert overtaken(partial(make_superuser, learner, boss), late)
    after = User.objects.get(pk=learner.pk)
    assert (after.is_superuser, after.is_active, after.email) == (True, True, "learner@howtoai.example")
