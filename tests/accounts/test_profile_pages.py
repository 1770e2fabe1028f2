"""Somebody's page, and the page on which they say what stands there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Profile, User
from tests.clients import signed_in
from tests.factories import make_user
from tests.heads import head_of, map_of_site

SETTINGS = "/settings/profile/"


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def write_about(user: User, **fields: Any) -> None:
    profile = user.profile
    profile.bio, profile.links = "I *learn* things.", ["https://lea.example/?a=1&b=2"]
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.save()


# -- Somebody's page ------------------------------------------------------------------------------


def test_everybody_sees_who_somebody_is(visitor: Client, learner: User) -> None:
    write_about(learner)
    page = text_of(visitor, "/u/lea-learner/")
    assert "<title>Lea Learner" in page
    assert "@lea-learner" in page
    assert "Member since" in page
    assert "<em>learn</em>" in page
    assert (
        '<a href="https://lea.example/?a=1&amp;b=2" rel="nofollow ugc noopener me">https://lea.example/?a=1&amp;b=2</a>'
        in page
    )
    assert "learner@howtoai.example" not in page
    assert "Edit profile" not in page


def test_a_display_name_stands_instead_of_the_name(visitor: Client, learner: User) -> None:
    write_about(learner, display_name="<b>Lea</b>")
    page = text_of(visitor, "/u/lea-learner/")
    assert "<bdi>&lt;b&gt;Lea&lt;/b&gt;</bdi>" in page
    assert "Lea Learner" not in page


@pytest.mark.parametrize("role", ["author", "moderator", "administrator"])
def test_staff_are_marked(visitor: Client, role: str) -> None:
    person = make_user(role=role)
    assert f'<li class="tag">{role.capitalize()}</li>' in text_of(visitor, person.profile.get_absolute_url())


def test_learners_are_not_marked(visitor: Client, learner: User) -> None:
    assert 'class="tag"' not in text_of(visitor, "/u/lea-learner/")


@pytest.mark.parametrize(
    ("audience", "seen", "note"),
    [
        ("everybody", {"visitor", "stranger", "learner", "moderator"}, "Everybody sees this."),
        ("members", {"stranger", "learner", "moderator"}, "Only members see this."),
        ("nobody", {"learner"}, "Only you see this."),
    ],
)
def test_what_is_hidden_from_somebody_is_not_there(
    learner: User, stranger: User, moderator: User, audience: str, seen: set[str], note: str
) -> None:
    write_about(learner, about_visible_to=audience)
    clients = {"visitor": Client()} | {
        name: signed_in(user) for name, user in (("stranger", stranger), ("learner", learner), ("moderator", moderator))
    }
    for name, client in clients.items():
        page = text_of(client, "/u/lea-learner/")
        assert ("<em>learn</em>" in page) is (name in seen), name
        assert ("lea.example" in page) is (name in seen), name
        assert (">About</h2>" in page) is (name in seen), name
        assert (note in page) is (name == "learner"), name


def test_the_owner_is_led_to_the_settings(learner: User) -> None:
    page = text_of(signed_in(learner), "/u/lea-learner/")
    assert f'href="{SETTINGS}">Edit profile</a>' in page
    assert "Write about yourself" in page


def test_who_has_written_nothing_has_no_empty_section(visitor: Client, learner: User) -> None:
    page = text_of(visitor, "/u/lea-learner/")
    assert ">About</h2>" not in page
    assert "Write about yourself" not in page


@pytest.mark.parametrize("fate", [{"is_active": False}, {"erase_after": timezone.now()}])
def test_who_is_banned_or_leaving_is_not_there(visitor: Client, stranger: User, learner: User, fate: Any) -> None:
    User.objects.filter(pk=learner.pk).update(**fate)
    for client in (visitor, signed_in(stranger)):
        assert client.get("/u/lea-learner/").status_code == 404


@pytest.mark.parametrize("handle", ["nobody", "Lea-Learner", "lea_learner", "x" * 500])
def test_who_does_not_exist_is_not_there(visitor: Client, learner: User, handle: str) -> None:
    assert visitor.get(f"/u/{handle}/").status_code == 404


def test_nothing_can_be_sent_to_somebodys_page(visitor: Client, learner: User) -> None:
    assert visitor.post("/u/lea-learner/").status_code == 405


def test_the_page_takes_few_queries(
    visitor: Client, learner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write_about(learner)
    # The profile with its person, their posts and their answers; which categories there are is remembered.
    visitor.get("/community/")
    with django_assert_num_queries(3):
        visitor.get("/u/lea-learner/")


# -- The settings ---------------------------------------------------------------------------------


def filled(user: User, **changes: Any) -> dict[str, Any]:
    """What the form sends when nothing but these is touched."""
    profile = Profile.objects.get(user=user)
    names = ("handle", "display_name", "bio", "time_zone", "language")
    audiences = ("about_visible_to", "learning_visible_to", "activity_visible_to")
    unchanged = {name: getattr(profile, name) for name in names + audiences}
    return unchanged | {"name": user.name, "links": "\n".join(profile.links)} | changes


def test_one_changes_ones_profile(learner: User) -> None:
    client = signed_in(learner)
    assert "Lea Learner" in text_of(client, SETTINGS)
    changes = {
        "name": "Lea L. Learner",
        "handle": "Lea",
        "display_name": "Lea",
        "bio": "One.\r\n\r\nTwo.",
        "links": " lea.example \r\n\r\nhttp://two.example/x\r\n",
        "time_zone": "America/New_York",
        "about_visible_to": "members",
    }
    response = client.post(SETTINGS, filled(learner, **changes), follow=True)
    assert response.redirect_chain == [(SETTINGS, 302)]
    assert "Your profile is saved." in response.content.decode()
    profile = Profile.objects.select_related("user").get(user=learner)
    assert (profile.user.name, profile.handle, profile.display_name) == ("Lea L. Learner", "lea", "Lea")
    assert profile.bio == "One.\n\nTwo."
    assert profile.links == ["https://lea.example", "http://two.example/x"]
    assert (profile.time_zone, profile.about_visible_to) == ("America/New_York", "members")


def test_the_form_begins_with_what_there_is(learner: User) -> None:
    """Sent as it came, it changes nothing, whatever the time zone is called."""
    write_about(learner, time_zone="US/Pacific", learning_visible_to="nobody")
    client = signed_in(learner)
    page = text_of(client, SETTINGS)
    assert '<option value="US/Pacific" selected>' in page
    assert "https://lea.example/?a=1&amp;b=2</textarea>" in page
    before = Profile.objects.values().get(user=learner)
    assert client.post(SETTINGS, filled(learner)).status_code == 302
    assert Profile.objects.values().get(user=learner) == before


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("handle", "", "This field is required."),
        ("handle", "admin", "This handle is kept for the platform. Choose another."),
        ("handle", "sam-stranger", "This handle is taken. Choose another."),
        ("handle", "l\u00e9a", "Use 2 to 30 small letters, digits and single hyphens between them."),
        ("name", "a\u202eb", "Use letters, digits and signs on one line."),
        ("bio", "x" * 1001, "Ensure this value has at most 1000 characters (it has 1001)."),
        ("links", "https://fine.example\njavascript:alert(1)", "Link 2: Write an address that begins with"),
        ("links", "\n".join(f"https://{n}.example" for n in range(6)), "List contains 6 items"),
        ("time_zone", "Mars/Olympus", "Choose a time zone such as Europe/Paris."),
        ("about_visible_to", "friends", "Select a valid choice."),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_lost(
    learner: User, stranger: User, field: str, value: str, message: str
) -> None:
    response = signed_in(learner).post(SETTINGS, filled(learner, **{"display_name": "Kept", field: value}))
    page = response.content.decode()
    assert response.status_code == 200
    assert f'id="id_{field}_error"' in page
    assert message in page
    assert 'value="Kept"' in page
    assert Profile.objects.get(user=learner).display_name == ""


def test_a_thousand_characters_on_many_lines_are_no_more_than_a_thousand(learner: User) -> None:
    """Browsers send each end of a line as two."""
    bio = "x\r\n" * 499 + "xx"
    assert signed_in(learner).post(SETTINGS, filled(learner, bio=bio)).status_code == 302


def test_fields_that_the_form_does_not_have_change_nothing(learner: User) -> None:
    more = {"is_staff": "on", "email": "other@howtoai.example", "role": "administrator", "user": "1"}
    assert signed_in(learner).post(SETTINGS, filled(learner) | more).status_code == 302
    after = User.objects.get(pk=learner.pk)
    assert (after.is_staff, after.email, after.role) == (False, "learner@howtoai.example", "learner")


def test_the_settings_are_for_members(visitor: Client) -> None:
    sent = visitor.post(SETTINGS, {"name": "x"}, headers={"Referer": f"http://testserver{SETTINGS}"})
    for response in (visitor.get(SETTINGS), sent):
        assert response.status_code == 302
        assert response["Location"] == f"/accounts/login/?next={SETTINGS}"


def test_a_form_of_another_site_changes_nothing(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    assert client.post(SETTINGS, filled(learner, name="Changed")).status_code == 403
    learner.refresh_from_db()
    assert learner.name == "Lea Learner"


@pytest.mark.parametrize(
    ("about", "is_listed"),
    [
        ({"bio": "I teach **chemistry**."}, True),
        ({"links": ["https://lea.example/"]}, True),
        ({"bio": "I teach **chemistry**.", "about_visible_to": "members"}, False),
        ({}, False),
    ],
)
def test_engines_list_who_says_something_of_themselves_to_everybody(
    learner: User, visitor: Client, about: dict[str, Any], is_listed: bool
) -> None:
    for name, value in about.items():
        setattr(learner.profile, name, value)
    learner.profile.save()
    for client in (visitor, signed_in(learner)):
        head = head_of(learner.profile.get_absolute_url(), client)
        assert head.is_listed is is_listed
        assert (head["og:type"], head["profile:username"]) == ("profile", learner.profile.handle)
        assert ("chemistry" in head["og:description"]) is (is_listed and "bio" in about)
        assert "*" not in head["og:description"]
    assert (learner.profile in Profile.objects.listed()) is is_listed
    assert (f"/u/{learner.profile.handle}/" in map_of_site(visitor)) is is_listed
