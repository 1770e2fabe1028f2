"""The frame of every page: what apps show of a member in the header, and that nobody sees what is another's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from common.header import HeaderItem, show_in_header, sources
from common.templatetags.icons import lucide
from tests.clients import signed_in
from tests.factories import make_user
from tutorials.models import Tutorial


@pytest.fixture
def bell() -> Iterator[None]:
    """As the community does, in its place."""
    others = sources.copy()
    sources.clear()

    @show_in_header
    def unread(user: User) -> HeaderItem | None:
        if user.name == "Sam Stranger":
            return None
        return HeaderItem("/notifications/", "<Notifications>", "bell", count=len(user.name) - 9, unit="unread")

    yield
    sources[:] = others


def header_of(client: Client, address: str = "/tracks/") -> str:
    found = re.search(r"<header class=\"header\">.*?</header>", client.get(address).content.decode(), re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", found[0])


@pytest.mark.usefixtures("bell")
def test_an_app_shows_an_item_in_the_header_of_members(learner: User) -> None:
    header = header_of(signed_in(learner))
    assert '<a class="header__item" href="/notifications/">' in header
    assert "&lt;Notifications&gt;,</span>" in header
    assert '<span class="header__count">2</span> <span class="visually-hidden">unread</span>' in header


@pytest.mark.usefixtures("bell")
def test_nothing_is_counted_where_nothing_is(db: None) -> None:
    header = header_of(signed_in(make_user(name="Nine sign")))
    assert "header__item" in header
    assert "header__count" not in header


@pytest.mark.usefixtures("bell")
def test_an_item_may_be_left_out_and_visitors_have_none(stranger: User, visitor: Client) -> None:
    assert "header__item" not in header_of(signed_in(stranger))
    assert "header__item" not in header_of(visitor)


def test_the_header_of_one_person_says_nothing_of_another(learner: User, stranger: User, visitor: Client) -> None:
    hers, theirs = header_of(signed_in(learner)), header_of(signed_in(stranger))
    assert "Lea Learner" in hers
    assert "/u/lea-learner/" in hers
    assert learner.email not in theirs
    assert "/u/sam-stranger/" in theirs
    seen = header_of(visitor)
    assert "Sign out" not in seen
    assert "csrfmiddlewaretoken" not in seen
    assert header_of(signed_in(learner)).count('name="csrfmiddlewaretoken"') == 2


def test_names_are_escaped_in_the_header(db: None) -> None:
    header = header_of(signed_in(make_user(name="<b>Bea</b> & Co")))
    assert "&lt;b&gt;Bea&lt;/b&gt; &amp; Co" in header
    assert "<b>" not in header


def test_each_sign_out_form_has_a_token_of_its_own_request(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', header_of(client))
    assert token
    assert client.post("/accounts/logout/", {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert client.post("/accounts/logout/", {"csrfmiddlewaretoken": token[1]}).status_code == 302


def test_the_header_marks_the_page_that_one_is_on(visitor: Client, tutorial: Tutorial) -> None:
    assert re.search(r'aria-current="page">Tutorials<', header_of(visitor, "/tutorials/"))
    assert "header__search" not in header_of(visitor, "/tutorials/")
    assert re.search(r'aria-current="page">Tracks<', header_of(visitor, "/tracks/"))
    assert "aria-current" not in header_of(visitor, tutorial.get_absolute_url())


def test_signing_in_leads_back_to_where_one_was(visitor: Client) -> None:
    header = header_of(visitor, "/tracks/?a=%22%3E&b=1")
    assert header.count('href="/accounts/login/?next=%2Ftracks%2F%3Fa%3D%2522%253E%26b%3D1"') == 2
    assert 'href="/accounts/login/"' in header_of(visitor, "/")
    assert 'href="/accounts/signup/"' in header_of(visitor, "/nothing/")


@pytest.mark.parametrize("address", ["/tracks/", "/accounts/email/"])
def test_the_line_that_asks_to_confirm_stands_where_it_is_not_the_subject_anyway(db: None, address: str) -> None:
    page = signed_in(make_user(confirmed=False)).get(address).content.decode()
    assert ('class="confirm"' in page) == (address == "/tracks/")


def test_an_icon_is_drawn_as_lucide_draws_it() -> None:
    icon = lucide("mail", size=16, **{"class": 'a"b'})
    assert icon.startswith("<svg")
    assert 'width="16"' in icon
    assert 'class="a&quot;b"' in icon
    assert lucide("mail", size=20) != icon


def test_the_links_of_the_operator_stand_below_every_page(client: Client, db: None, settings: LazySettings) -> None:
    settings.FOOTER_LINKS = [("Terms & conditions", "https://example.org/terms?of=use&in=en")]
    link = '<a class="footer__link" href="https://example.org/terms?of=use&amp;in=en">Terms &amp; conditions</a>'
    assert link in client.get("/pricing/").content.decode()
    assert link in client.get("/no-such-page/").content.decode()
    settings.FOOTER_LINKS = []
    assert "example.org" not in client.get("/pricing/").content.decode()
