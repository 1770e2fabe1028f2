"""The cookie that keeps the owner's own lane free: who gets it, and what is not taken for it."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import signing
from django.test import Client, RequestFactory

from accounts import devices
from accounts.models import User
from tests.accounts.clients import post
from tests.factories import PASSWORD, make_user


def marks_of(client: Client) -> tuple[str, ...]:
    request = RequestFactory().get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    return devices.known(request)


def sign_in(client: Client, person: User, door: str) -> None:
    if door == "api":
        assert post("login", {"email": person.email, "password": PASSWORD}, client=client).status_code == 200
    else:
        assert client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("door", ["api", "page"])
def test_the_browser_of_a_confirmed_address_is_known(client: Client, learner: User, door: str) -> None:
    sign_in(client, learner, door)
    assert marks_of(client) == (devices.mark(learner.email),)


@pytest.mark.parametrize("door", ["api", "page"])
def test_who_signs_up_with_a_foreign_address_is_not_known_to_its_owner(visitor: Client, door: str) -> None:
    fields = {"email": "owner@howtoai.example", "name": "X"}
    if door == "api":
        post("signup", fields | {"password": PASSWORD}, client=visitor)
    else:
        visitor.post("/accounts/signup/", fields | {"password1": PASSWORD})
    assert User.objects.filter(email="owner@howtoai.example").exists()
    assert marks_of(visitor) == ()


def test_an_address_that_is_confirmed_no_more_is_forgotten_and_the_others_stay(client: Client, learner: User) -> None:
    other = make_user()
    for person in (other, learner):
        sign_in(client, person, "api")
    EmailAddress.objects.filter(user=learner).update(verified=False)
    sign_in(client, learner, "api")
    assert marks_of(client) == (devices.mark(other.email),)


@pytest.mark.parametrize("value", [5, None, "abc", {"a": 1}, [[1]], [1], True])
def test_what_is_signed_but_no_list_of_marks_is_ignored(db: None, value: Any) -> None:
    browser = Client()
    browser.cookies[devices.COOKIE] = signing.dumps(value, salt=devices.SALT)
    assert marks_of(browser) == ()
    assert post("login", {"email": "a@howtoai.example", "password": "b"}, client=browser).status_code == 401
