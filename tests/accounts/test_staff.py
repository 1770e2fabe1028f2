"""What staff may do to other people's accounts in the admin, what they may not, and who is told."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.services import people, staff
from accounts.visits import Visit
from tests.accounts.clients import get, log_in, post
from tests.factories import PASSWORD, TOTP_SECRET, make_user

VISIT = Visit(door=Door.ADMIN, address="192.0.2.1", device="Firefox on Linux")
NEW_PASSWORD = "set by an administrator"
OnCommit = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture
def boss(db: None) -> User:
    """Who may do everything."""
    return make_user(email="boss@howtoai.example", role="administrator", is_superuser=True)


@pytest.fixture
def browser(admin: User) -> Client:
    """Of an administrator who is not superuser."""
    client = Client()
    client.force_login(admin)
    return client


def change(client: Client, person: User, **fields: str) -> Any:
    inline = {f"emailaddress_set-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    kept = {"email": person.email, "name": person.name, "role": person.role, "is_active": "on"}
    return client.post(reverse("admin:accounts_user_change", args=[person.pk]), kept | inline | fields)


def set_password(client: Client, person: User, **fields: str) -> Any:
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    return client.post(reverse("admin:auth_user_password_change", args=[person.pk]), passwords | fields)


def act(client: Client, action: str, *persons: User) -> str:
    chosen = [str(person.pk) for person in persons]
    address = reverse("admin:accounts_user_changelist")
    return client.post(address, {"action": action, "_selected_action": chosen}, follow=True).content.decode()


def again(person: User) -> User:
    return User.objects.get(pk=person.pk)


# -- Those with more rights ---------------------------------------------------------------------


def test_an_administrator_looks_at_a_superuser_and_changes_nothing(browser: Client, boss: User) -> None:
    assert browser.get(reverse("admin:accounts_user_change", args=[boss.pk])).status_code == 200
    assert change(browser, boss, email="evil@howtoai.example", is_active="").status_code == 403
    assert set_password(browser, boss).status_code == 403
    assert browser.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403
    person = again(boss)
    assert (person.email, person.is_active, person.check_password(PASSWORD)) == (boss.email, True, True)


@pytest.mark.parametrize("action", ["sign_out", "remove_second_factor"])
def test_what_is_done_to_many_passes_over_a_superuser(browser: Client, boss: User, learner: User, action: str) -> None:
    access = log_in(learner.email)["access"]
    Authenticator.objects.filter(user=learner).delete()
    page = act(browser, action, boss, learner)
    assert "boss@howtoai.example has rights that you do not have." in page
    assert Authenticator.objects.filter(user=boss).exists()
    if action == "sign_out":
        assert get("/api/users/me", access).status_code == 401


def test_superusers_change_each_other(client: Client, boss: User) -> None:
    other = make_user(role="administrator", is_superuser=True)
    client.force_login(boss)
    assert change(client, other, name="Another", is_superuser="on").status_code == 302
    assert set_password(client, other).status_code == 302
    assert again(other).check_password(NEW_PASSWORD)


def test_a_right_given_by_hand_makes_nobody_more_than_they_are(client: Client, moderator: User, admin: User) -> None:
    moderator.user_permissions.add(Permission.objects.get(codename="change_user"))
    client.force_login(moderator)
    assert set_password(client, admin).status_code == 403
    # Not while they are banned either: they may come back.
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert set_password(client, admin).status_code == 403
    response = change(client, moderator, role="administrator")
    assert staff.NOT_YOURS_TO_GIVE in response.content.decode()
    assert again(moderator).role == "moderator"


def test_a_role_with_more_rights_is_given_to_nobody_new(client: Client, moderator: User) -> None:
    moderator.user_permissions.add(*Permission.objects.filter(codename__in=["add_user", "change_user"]))
    client.force_login(moderator)
    fields = {"email": "new@howtoai.example", "name": "", "role": "administrator", "usable_password": "true"}
    fields |= {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    response = client.post(reverse("admin:accounts_user_add"), fields)
    assert staff.NOT_YOURS_TO_GIVE in response.content.decode()
    assert not User.objects.filter(email="new@howtoai.example").exists()


def test_only_superusers_change_what_a_group_may_do(browser: Client, client: Client, boss: User) -> None:
    group = Group.objects.get(name="moderator")
    address = reverse("admin:auth_group_change", args=[group.pk])
    everything = {"name": "moderator", "permissions": [str(right.pk) for right in Permission.objects.all()]}
    assert browser.get(address).status_code == 200
    assert browser.post(address, everything).status_code == 403
    assert browser.get(reverse("admin:auth_group_add")).status_code == 403
    assert browser.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"}).status_code == 403
    client.force_login(boss)
    assert client.post(address, everything).status_code == 302
    assert group.permissions.count() == Permission.objects.count()


def test_addresses_second_factors_and_accounts_elsewhere_are_there_to_look_at_only(
    browser: Client, learner: User
) -> None:
    factor = TOTP.activate(learner, TOTP_SECRET).instance
    elsewhere = SocialAccount.objects.create(user=learner, provider="github", uid="1")
    for row in (EmailAddress.objects.get(user=learner), factor, elsewhere):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        page = browser.get(reverse(f"{name}_change", args=[row.pk]))
        assert page.status_code == 200
        assert "secret" not in page.content.decode()
        assert browser.get(reverse(f"{name}_changelist") + "?q=learner").status_code == 200
        assert browser.get(reverse(f"{name}_add")).status_code == 403
        assert browser.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
        assert browser.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    actions = browser.get(reverse("admin:account_emailaddress_changelist")).content.decode()
    assert "make_verified" not in actions


def test_administrators_hold_no_right_to_write_what_makes_them_more(admin: User) -> None:
    held = {right for right in admin.get_all_permissions() if right.split(".")[0] in STRONG}
    assert {right.split(".")[1].split("_")[0] for right in held} == {"view"}


STRONG = {"auth", "account", "mfa", "socialaccount"}


# -- Passwords, addresses, second factors -------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "our staff have changed your password"),
        ({"usable_password": "false", "unset-password": "1"}, "our staff have removed your password"),
    ],
)
def test_a_password_set_by_staff_is_recorded_told_and_leaves_no_device(
    browser: Client,
    learner: User,
    django_capture_on_commit_callbacks: OnCommit,
    fields: dict[str, str],
    words: str,
) -> None:
    access = log_in(learner.email)["access"]
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert set_password(browser, learner, **fields).status_code == 302
    assert not again(learner).check_password(PASSWORD)
    entry = learner.login_history.get(event=Event.PASSWORD_CHANGE)
    assert (entry.door, entry.reason) == (Door.ADMIN, "by staff")
    (letter,) = mail.outbox
    assert letter.to == [learner.email]
    assert words in letter.body
    assert get("/api/users/me", access).status_code == 401


def test_a_password_that_was_refused_is_neither_recorded_nor_told(
    browser: Client, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert set_password(browser, learner, password1="short", password2="short").status_code == 200
    assert not learner.login_history.filter(event=Event.PASSWORD_CHANGE).exists()
    assert mail.outbox == []


def test_an_address_changed_by_staff_is_recorded_told_and_to_be_confirmed(
    browser: Client, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    EmailAddress.objects.create(user=learner, email="pending@howtoai.example", verified=False)
    access = log_in(learner.email)["access"]
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert change(browser, learner, email="Rescued@howtoai.example").status_code == 302
    person = again(learner)
    assert (person.email, person.is_confirmed) == ("rescued@howtoai.example", False)
    rows = EmailAddress.objects.filter(user=person).values_list("email", "primary", "verified")
    assert list(rows) == [("rescued@howtoai.example", True, False)]
    assert learner.login_history.get(event=Event.EMAIL_CHANGE).door == Door.ADMIN
    assert get("/api/users/me", access).status_code == 401
    letters = {(letter.to[0], str(letter.subject)) for letter in mail.outbox}
    assert (learner.email, "The e-mail address of your account has changed") in letters
    assert (person.email, "Our staff have changed your account") in letters
    links = [link for letter in mail.outbox if (link := re.search(r"/accounts/confirm-email/\S+", str(letter.body)))]
    Client().post(links[0][0])
    assert again(learner).is_confirmed


def test_the_address_before_resets_no_password_any_more(
    browser: Client, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    change(browser, learner, email="rescued@howtoai.example")
    mail.outbox.clear()
    for address in (learner.email, "rescued@howtoai.example"):
        with django_capture_on_commit_callbacks(execute=True):
            Client().post("/accounts/password/reset/", {"email": address})
    assert [letter.to for letter in mail.outbox] == [["rescued@howtoai.example"]]


def test_other_changes_touch_neither_address_nor_devices(
    browser: Client, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    access = log_in(learner.email)["access"]
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert change(browser, learner, name="Lea").status_code == 302
    person = again(learner)
    assert (person.name, person.is_confirmed) == ("Lea", True)
    assert get("/api/users/me", access).status_code == 200
    assert mail.outbox == []


def test_a_lost_second_factor_is_removed_recorded_and_told(
    browser: Client, learner: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    TOTP.activate(learner, TOTP_SECRET)
    assert post("login", {"email": learner.email, "password": PASSWORD}).status_code == 401
    with django_capture_on_commit_callbacks(execute=True):
        assert "Second factor removed, if there was one: 1." in act(browser, "remove_second_factor", learner)
    assert learner.login_history.get(event=Event.SECOND_FACTOR_REMOVED).door == Door.ADMIN
    (letter,) = mail.outbox
    assert "our staff have removed the second factor of your account" in letter.body
    log_in(learner.email)


def test_where_there_is_no_second_factor_nothing_is_recorded(learner: User, admin: User) -> None:
    assert not staff.remove_second_factor(person=learner, by=admin, visit=VISIT)
    assert not learner.login_history.exists()


def test_nobody_removes_their_own_second_factor_here(browser: Client, admin: User) -> None:
    assert "Remove your own second factor under" in act(browser, "remove_second_factor", admin)
    assert Authenticator.objects.filter(user=admin).exists()


# -- The last administrator ---------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"role": "learner"}, {"is_active": ""}])
def test_the_last_administrator_can_neither_demote_nor_ban_themselves(
    browser: Client, admin: User, fields: dict[str, str]
) -> None:
    response = change(browser, admin, **fields)
    assert response.status_code == 200
    assert people.LAST_ADMINISTRATOR in response.content.decode()
    person = again(admin)
    assert (person.role, person.is_active) == ("administrator", True)
    make_user(role="administrator")
    assert change(browser, admin, **fields).status_code == 302


def test_a_superuser_who_is_the_last_administrator_keeps_that(client: Client, db: None) -> None:
    boss = make_user(role="author", is_superuser=True)
    client.force_login(boss)
    assert people.LAST_ADMINISTRATOR in change(client, boss).content.decode()
    assert again(boss).is_superuser
    assert change(client, boss, role="learner", is_superuser="on").status_code == 302


def test_the_services_refuse_too(admin: User, boss: User, learner: User) -> None:
    User.objects.filter(pk=boss.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="You are the last administrator"):
        people.set_role(user=admin, role=Role.AUTHOR)
    admin.is_active = False
    with pytest.raises(ValidationError, match="You are the last administrator"):
        staff.save_changes(person=admin, role=Role.ADMINISTRATOR, by=admin, visit=VISIT)
    learner.is_superuser = True
    with pytest.raises(PermissionDenied):
        staff.save_changes(person=learner, role=Role.LEARNER, by=admin, visit=VISIT)
    with pytest.raises(PermissionDenied):
        staff.save_changes(person=boss, role=Role.ADMINISTRATOR, by=admin, visit=VISIT)


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_administrators_who_are_demoted_at_once_one_stays() -> None:
    both = [make_user(role="administrator"), make_user(role="administrator")]
    refused: list[str] = []
    barrier = threading.Barrier(2)

    def demote(person: User) -> None:
        try:
            barrier.wait()
            people.set_role(user=person, role=Role.LEARNER)
        except ValidationError as error:
            refused.extend(error.messages)
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=(person,)) for person in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [people.LAST_ADMINISTRATOR]
    assert User.objects.all().administrators().count() == 1
