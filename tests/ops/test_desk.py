"""The first page of the admin tells each of the staff the numbers they may see, and what waits for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin as django_admin
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from analytics.days import day_of
from analytics.models import DailyCount
from analytics.models.counts import EVERYBODY, Dimension
from billing.models import ContactRequest
from ops import desk
from ops.admin import sidebar
from ops.models import Alarm, ErrorGroup
from tests.factories import make_tutorial, make_user

ADDRESS = "/admin/"


def page(client: Client, user: User) -> str:
    client.force_login(user)
    response = client.get(ADDRESS)
    assert response.status_code == 200
    return response.content.decode()


def make_error(title: str = "ValueError: x", **fields: object) -> ErrorGroup:
    now = timezone.now()
    values = {"fingerprint": title, "logger": "x", "level": 40, "first_seen": now, "last_seen": now, "count": 1}
    return ErrorGroup.objects.create(title=title, sample="01890000-0000-7000-8000-000000000000", **values | fields)


def test_nothing_waits_where_nothing_is_amiss(client: Client, admin: User) -> None:
    text = page(client, admin)
    assert "Nothing waits for you." in text
    for name in ("Visitors in 7 days", "Signed up in 7 days", "MRR"):
        assert text.count(name) == 1
    assert "If the server burnt down now" in text


def test_what_waits_is_said_with_where_to_see_to_it(client: Client, admin: User) -> None:
    make_tutorial("Waits", status="in_review")
    make_error()
    make_error("KeyError: y")
    make_error("Resolved", resolved_at=timezone.now())
    ContactRequest.objects.create(name="A", email="a@b.example", organisation="Example", seats=30)
    old = ContactRequest.objects.create(name="B", email="b@b.example", organisation="Long ago", seats=30)
    ContactRequest.objects.filter(pk=old.pk).update(created_at=timezone.now() - desk.FRESH - timedelta(days=1))
    begun = timezone.now() - timedelta(hours=3)
    Alarm.objects.create(key="disk", text="The disk with our data is 91% full.", begun_at=begun)
    Alarm.objects.create(key="queue", text="Over long since.", begun_at=begun, ended_at=timezone.now())
    errands = {errand.words: errand for errand in desk.errands(admin)}
    assert list(errands) == [
        "The disk with our data is 91% full.",
        "1 tutorial is in review",
        "1 organisation asks for a contract",
        "2 kinds of errors are open",
    ]
    assert errands["The disk with our data is 91% full."].since == "3 hours ago"
    text = page(client, admin)
    for errand in errands.values():
        assert f'href="{errand.address.replace("&", "&amp;")}"' in text
        assert client.get(errand.address).status_code == 200


def test_each_sees_what_they_may_do_something_about(client: Client, author: User, moderator: User) -> None:
    make_tutorial("Waits", status="in_review")
    make_error()
    assert [errand.words for errand in desk.errands(author)] == ["1 tutorial is in review"]
    assert desk.errands(moderator) == []
    for user in (author, moderator):
        text = page(client, user)
        assert "MRR" not in text
        assert "burnt down" not in text
        assert "kind of error" not in text


def test_who_writes_finds_their_own_with_where_it_stands_and_who_comes(client: Client, author: User) -> None:
    make_tutorial("Of somebody else")
    make_tutorial("Long gone", author=author, status="archived")
    make_tutorial("Half written", author=author, status="draft")
    out = make_tutorial("Read by many", author=author)
    today = day_of(timezone.now())
    for days, views in ((0, 5), (29, 7), (30, 90)):
        day = today - timedelta(days=days)
        key = out.get_absolute_url()
        DailyCount.objects.create(dimension=Dimension.PAGE, key=key, segment=EVERYBODY, day=day, events=views)
    drawn, half = desk.own(author) or []
    assert (drawn.title, drawn.standing, drawn.views) == ("Read by many", "published", "12 views in 30 days")
    assert (half.title, half.standing, half.views) == ("Half written", "draft", "")
    text = " ".join(page(client, author).split())
    assert ">12 views in 30 days</a>" in text
    assert "draft, changed just now" in text
    for address in (drawn.address, drawn.readers, half.address, "/admin/tutorials/tutorial/add/"):
        assert f'href="{address}"' in text
        assert client.get(address).status_code == 200


def test_who_has_written_nothing_is_asked_to_begin_and_who_writes_nothing_is_not(
    client: Client, author: User, moderator: User
) -> None:
    assert "None yet." in page(client, author)
    assert "Your tutorials" not in page(client, moderator)


def test_new_members_are_compared_with_the_week_before(admin: User) -> None:
    for days in (1, 2, 3, 9, 10, 40):
        User.objects.filter(pk=make_user().pk).update(date_joined=timezone.now() - timedelta(days=days))
    cards = {number.card.name: number.card for number in desk.numbers(admin)}
    assert cards["Signed up in 7 days"].figure == "3"
    assert cards["Signed up in 7 days"].beneath == "+50 % against the 7 days before"


def test_the_desk_takes_few_queries(
    client: Client, admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page(client, admin)
    with django_assert_max_num_queries(30):
        client.get(ADDRESS)


def test_everything_registered_stands_once_in_the_sidebar(admin: User) -> None:
    named = [name for names in sidebar.all_groups().values() for name in names]
    assert sorted(named) == sorted({model._meta.label_lower for model in django_admin.site._registry})


@pytest.mark.parametrize("role", ["author", "moderator", "admin"])
def test_the_sidebar_leads_only_where_one_may_go(client: Client, role: str, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    client.force_login(user)
    asked = RequestFactory().get(ADDRESS)
    asked.user = user
    links = [item["link"] for group in sidebar.navigation(asked) for item in group["items"]]
    assert len(links) > 1
    assert {link for link in links if client.get(link).status_code != 200} == set()
