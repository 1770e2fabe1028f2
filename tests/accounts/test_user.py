from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def test_addresses_are_kept_in_lower_case() -> None:
    assert make_user(email=" Some.One@HowToAI.example ").email == "some.one@howtoai.example"


def test_an_address_is_taken_whatever_its_case() -> None:
    make_user(email="someone@howtoai.example")
    with pytest.raises(ValidationError) as refusal:
        make_user(email="SomeOne@howtoai.example")
    assert refusal.value.message_dict == {"email": ["There is already an account with this e-mail address."]}


def test_the_database_holds_the_rule_too() -> None:
    make_user(email="someone@howtoai.example")
    for address in ("someone@howtoai.example", "SOMEONE@howtoai.example"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email=address, password="!")])


def test_people_sign_in_whatever_the_case() -> None:
    user = make_user(email="someone@howtoai.example")
    assert User.objects.get_by_natural_key("SomeOne@HowToAI.example") == user


@pytest.mark.parametrize("email", ["", "no-at-sign", "a@b", "x@howtoai.example\0", "a" * 250 + "@howtoai.example"])
def test_a_malformed_address_is_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        make_user(email=email)


def test_a_person_without_password_cannot_sign_in_with_one() -> None:
    assert not make_user(password=None).has_usable_password()


def test_an_administrator_is_staff_and_may_everything() -> None:
    user = User.objects.create_superuser("boss@howtoai.example", PASSWORD)
    assert (user.is_staff, user.is_superuser, user.check_password(PASSWORD)) == (True, True, True)


@pytest.mark.parametrize("fact", ["role", "is_confirmed"])
def test_nobody_waits_for_what_the_database_says_of_another(fact: str) -> None:
    """Python's own cached_property holds one lock for all objects, up to 3.11."""
    one, other, asked, answer = make_user(), make_user(), Event(), Event()

    def slow(execute: Callable[..., Any], *arguments: Any) -> Any:
        asked.set()
        answer.wait(10)
        return execute(*arguments)

    def ask_slowly() -> None:
        with connection.execute_wrapper(slow):
            getattr(one, fact)
        connection.close()

    def ask() -> None:
        getattr(other, fact)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        pool.submit(ask_slowly)
        assert asked.wait(10)
        quick = pool.submit(ask)
        try:
            quick.result(timeout=5)
        finally:
            answer.set()
