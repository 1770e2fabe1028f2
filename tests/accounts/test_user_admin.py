"""People in the admin."""

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, ErasureReceipt, User
from tests.accounts.clients import get, log_in
from tests.factories import PASSWORD, totp_code


def test_staff_sign_in_at_the_door_of_everybody_with_a_second_factor(client: Client, admin: User) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    response = client.post(response.redirect_chain[-1][0], {"login": "Admin@HowToAI.example", "password": PASSWORD})
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/admin/").status_code == 302
    response = client.post(response["Location"], {"code": totp_code()})
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_staff_change_their_own_password_at_the_door_of_everybody(client: Client, admin: User) -> None:
    client.force_login(admin)
    response = client.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": "another-" + PASSWORD, "new_password2": "another-" + PASSWORD},
    )
    assert (response.status_code, response["Location"]) == (302, "/accounts/password/change/")
    assert User.objects.get(pk=admin.pk).check_password(PASSWORD)


def test_staff_without_a_second_factor_are_sent_to_add_one(client: Client, admin: User) -> None:
    Authenticator.objects.filter(user=admin).delete()
    client.force_login(admin)
    response = client.get("/admin/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/2fa/")
    assert client.post("/admin/accounts/user/add/", {}).status_code == 302


def test_a_learner_cannot_open_the_admin(client: Client, learner: User) -> None:
    client.force_login(learner)
    assert client.get("/admin/").status_code == 302


def test_a_person_is_made_and_changed(client: Client, admin: User) -> None:
    client.force_login(admin)
    fields = {"email": "New@howtoai.example", "name": "New", "role": "author"}
    fields |= {"password1": PASSWORD, "password2": PASSWORD}
    response = client.post(reverse("admin:accounts_user_add"), fields | {"usable_password": "true"})
    assert response.status_code == 302, response.content
    person = User.objects.get(email="new@howtoai.example")
    assert (person.role, person.is_staff, person.profile.handle) == ("author", True, "new")
    assert client.get(reverse("admin:accounts_user_change", args=[person.pk])).status_code == 200
    assert b"new@howtoai.example" in client.get(reverse("admin:accounts_user_changelist") + "?q=new").content


def test_a_taken_address_is_an_error_at_its_field(client: Client, admin: User) -> None:
    client.force_login(admin)
    fields = {"email": "ADMIN@howtoai.example", "name": "", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post(reverse("admin:accounts_user_add"), fields | {"usable_password": "true"})
    assert response.status_code == 200
    assert b"There is already an account with this e-mail address." in response.content


def change(client: Client, person: User, **fields: str) -> None:
    inline = {f"emailaddress_set-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    kept = {"email": person.email, "name": person.name, "role": person.role, "is_active": "on"}
    response = client.post(reverse("admin:accounts_user_change", args=[person.pk]), kept | inline | fields)
    assert response.status_code == 302, response.content


def test_a_ban_acts_at_once_at_every_door(client: Client, admin: User, learner: User) -> None:
    access = log_in(learner.email)["access"]
    page = Client()
    page.force_login(learner)
    client.force_login(admin)
    change(client, learner, is_active="")
    assert get("/api/users/me", access).status_code == 401
    assert "_auth_user_id" in page.session
    assert page.get("/settings/sessions/").status_code == 302
    assert {session.end_reason for session in learner.sessions.all()} == {"banned"}


def test_a_role_brings_its_rights_and_takes_them_away(client: Client, admin: User, learner: User) -> None:
    client.force_login(admin)
    change(client, learner, role="author")
    person = User.objects.get(pk=learner.pk)
    assert (person.role, person.is_staff, person.has_perm("tutorials.change_tutorial")) == ("author", True, True)
    change(client, person, role="learner")
    person = User.objects.get(pk=learner.pk)
    assert (person.role, person.is_staff, person.has_perm("tutorials.change_tutorial")) == ("learner", False, False)


def test_an_administrator_makes_nobody_more_than_that(client: Client, admin: User) -> None:
    client.force_login(admin)
    change(client, admin, is_superuser="on")
    assert not User.objects.get(pk=admin.pk).is_superuser


def test_moderators_see_people_and_change_none(client: Client, moderator: User, learner: User) -> None:
    client.force_login(moderator)
    address = reverse("admin:accounts_user_change", args=[learner.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"email": "x@howtoai.example", "role": "administrator"}).status_code == 403


def test_staff_sign_somebody_out_everywhere(client: Client, admin: User, learner: User) -> None:
    access = log_in(learner.email)["access"]
    client.force_login(admin)
    action = {"action": "sign_out", "_selected_action": [str(learner.pk)]}
    assert client.post(reverse("admin:accounts_user_changelist"), action).status_code == 302
    assert get("/api/users/me", access).status_code == 401


@pytest.mark.parametrize("model", ["session", "loginhistory", "apikey", "profile", "erasurereceipt"])
def test_records_are_there_to_look_at_only(client: Client, admin: User, learner: User, model: str) -> None:
    log_in(learner.email)
    ApiKey.objects.create(user=learner, name="x", prefix="x", hash=b"x" * 32, scopes=["read"])
    ErasureReceipt.objects.create(asked_at=timezone.now())
    client.force_login(admin)
    rows = apps.get_model("accounts", model).objects.order_by("pk")
    before, address = list(rows.values()), f"admin:accounts_{model}"
    row = rows.latest("pk")
    assert client.get(reverse(f"{address}_changelist")).status_code == 200
    assert client.get(reverse(f"{address}_change", args=[row.pk])).status_code == 200
    for door in (
        reverse(f"{address}_add"),
        reverse(f"{address}_change", args=[row.pk]),
        reverse(f"{address}_delete", args=[row.pk]),
    ):
        assert client.post(door, {"post": "yes", "reason": "another", "name": "another"}).status_code == 403, door
    everything = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    client.post(reverse(f"{address}_changelist"), everything)
    assert list(rows.values()) == before


def test_no_hash_is_shown(client: Client, admin: User, learner: User) -> None:
    log_in(learner.email)
    client.force_login(admin)
    session = learner.sessions.get()
    page = client.get(reverse("admin:accounts_session_change", args=[session.pk])).content.decode()
    assert learner.email in page
    assert "refresh_hash" not in page
    assert bytes(session.refresh_hash).hex() not in page
