"""When a developer's database is filled with the demo, and who can sign in there."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from accounts.models import User
from community.models import Comment, Like
from ops.demo import DEMO_PASSWORD, DEMO_PEOPLE, seed_demo
from tests.factories import make_user
from tutorials.models import Tutorial

pytestmark = pytest.mark.django_db


def test_it_has_the_real_tutorials_and_one_person_a_role_who_can_sign_in() -> None:
    assert seed_demo() >= 12
    assert Tutorial.objects.filter(access="premium").count() == 3
    cast = {person.email: person.role for person in DEMO_PEOPLE}
    people = {user.email: user for user in User.objects.filter(email__in=cast)}
    assert {user.email: user.role for user in people.values()} == cast
    assert all(user.check_password(DEMO_PASSWORD) for user in people.values())
    assert all(user.is_confirmed and user.profile.handle for user in people.values())
    others = User.objects.exclude(email__in=cast)
    assert not any(user.is_staff or user.has_usable_password() for user in others)
    assert people["admin@howtoai.example"].has_perm("accounts.change_user")
    assert not people["learner@howtoai.example"].is_staff
    assert people["author@howtoai.example"].has_perm("tutorials.change_tutorial")
    assert not people["moderator@howtoai.example"].has_perm("tutorials.change_tutorial")
    # Where DEBUG is on, and only there are they made, staff need no second factor.
    with override_settings(STAFF_NEED_SECOND_FACTOR=False):
        client = Client()
        client.force_login(people["author@howtoai.example"])
        assert client.get("/admin/tutorials/tutorial/").status_code == 200
    before = [model._default_manager.count() for model in (User, Comment, Like)]
    assert seed_demo() == 0
    assert [model._default_manager.count() for model in (User, Comment, Like)] == before


def test_a_database_that_somebody_uses_is_left_alone() -> None:
    make_user()
    assert seed_demo() == 0
    assert not Tutorial.objects.exists()


def test_known_passwords_never_exist_outside_debug() -> None:
    with pytest.raises(CommandError, match="only with DEBUG"):
        call_command("seed_demo")
    assert not User.objects.exists()
