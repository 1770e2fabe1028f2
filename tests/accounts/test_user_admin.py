"""People in the admin."""

from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import PASSWORD


def test_staff_sign_in_with_their_address(client: Client, admin: User) -> None:
    response = client.post(
        reverse("admin:login"), {"username": "Admin@HowToAI.example", "password": PASSWORD, "next": "/admin/"}
    )
    assert response.status_code == 302
    assert client.get("/admin/").status_code == 200


def test_a_learner_cannot_open_the_admin(client: Client, learner: User) -> None:
    client.force_login(learner)
    assert client.get("/admin/").status_code == 302


def test_a_person_is_made_and_changed(client: Client, admin: User) -> None:
    client.force_login(admin)
    fields = {"email": "New@howtoai.example", "name": "New", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post(reverse("admin:accounts_user_add"), fields | {"usable_password": "true"})
    assert response.status_code == 302, response.content
    person = User.objects.get(email="new@howtoai.example")
    assert client.get(reverse("admin:accounts_user_change", args=[person.pk])).status_code == 200
    assert b"new@howtoai.example" in client.get(reverse("admin:accounts_user_changelist") + "?q=new").content


def test_a_taken_address_is_an_error_at_its_field(client: Client, admin: User) -> None:
    client.force_login(admin)
    fields = {"email": "ADMIN@howtoai.example", "name": "", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post(reverse("admin:accounts_user_add"), fields | {"usable_password": "true"})
    assert response.status_code == 200
    assert b"There is already an account with this e-mail address." in response.content
