"""The pages on which members see their devices and what happened at their doors."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LoginHistory, Session, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.services import sessions
from accounts.visits import Visit

DEVICES = "/settings/sessions/"
HISTORY = "/settings/history/"
PHONE = Visit(door=Door.API, address="192.0.2.7", device="Safari on iOS")


@pytest.fixture
def browser(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def here(client: Client) -> Session:
    return Session.objects.get(pk=client.session["sid"])


def end(session: Session) -> str:
    return f"{DEVICES}{session.pk}/end/"


def test_one_sees_ones_own_living_devices(browser: Client, learner: User, stranger: User) -> None:
    sessions.start(user=learner, visit=PHONE)
    sessions.start(user=stranger, visit=Visit(door=Door.PAGE, device="Their phone"))
    over = sessions.start(user=learner, visit=Visit(door=Door.PAGE, device="A session that is over"))
    Session.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    page = browser.get(DEVICES).content.decode()
    assert "Safari on iOS" in page
    assert "192.0.2.7" in page
    assert "This device" in page
    assert "Their phone" not in page
    assert "A session that is over" not in page
    assert HISTORY in page


def test_one_signs_another_device_out(browser: Client, learner: User) -> None:
    phone = sessions.start(user=learner, visit=PHONE)
    response = browser.post(end(phone), follow=True)
    assert response.redirect_chain == [(DEVICES, 302)]
    assert "Signed out: Safari on iOS." in response.content.decode()
    phone.refresh_from_db()
    assert phone.end_reason == "revoked"
    assert browser.post(end(phone)).status_code == 302
    assert LoginHistory.objects.filter(event=Event.LOGOUT).count() == 1


def test_signing_this_device_out_leaves_nobody_here(browser: Client, learner: User) -> None:
    session = here(browser)
    response = browser.post(end(session))
    assert (response.status_code, response["Location"]) == (302, "/")
    session.refresh_from_db()
    assert session.end_reason == "logged_out"
    assert browser.get(DEVICES)["Location"].startswith("/accounts/login/")


def test_one_signs_out_everywhere_else(browser: Client, learner: User, stranger: User) -> None:
    other = Client()
    other.force_login(learner)
    theirs = sessions.start(user=stranger, visit=PHONE)
    response = browser.post(f"{DEVICES}end-others/", follow=True)
    assert "You are signed out everywhere else." in response.content.decode()
    assert other.get(DEVICES).status_code == 302
    assert browser.get(DEVICES).status_code == 200
    theirs.refresh_from_db()
    assert theirs.is_alive


def test_other_peoples_devices_are_not_there(browser: Client, stranger: User) -> None:
    theirs = sessions.start(user=stranger, visit=PHONE)
    assert browser.post(end(theirs)).status_code == 404
    assert browser.post(f"{DEVICES}{uuid.uuid4()}/end/").status_code == 404
    assert browser.post(f"{DEVICES}7/end/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_alive


def test_a_link_signs_nobody_out(browser: Client, learner: User) -> None:
    for address in (end(here(browser)), f"{DEVICES}end-others/"):
        assert browser.get(address).status_code == 405
    assert browser.get(DEVICES).status_code == 200


def test_a_form_of_another_site_signs_nobody_out(learner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(learner)
    for address in (end(here(client)), f"{DEVICES}end-others/"):
        assert client.post(address).status_code == 403
    assert client.get(DEVICES).status_code == 200


def test_one_sees_what_happened_in_words(browser: Client, learner: User, stranger: User) -> None:
    at = timezone.now()
    row = {"user": learner, "door": Door.API, "device": "curl", "address": "192.0.2.1"}
    LoginHistory.objects.create(event=Event.FAILURE, reason="wrong password", at=at, **row)
    LoginHistory.objects.create(event=Event.REFRESH, at=at, **row)
    LoginHistory.objects.create(user=stranger, event=Event.THEFT, door=Door.API, at=at)
    page = browser.get(HISTORY).content.decode()
    assert "Sign-in refused: wrong password" in page
    assert "Signed in" in page
    assert "192.0.2.1" in page
    assert "Tokens renewed" not in page
    assert "Used token" not in page


def test_what_was_typed_elsewhere_is_text_here(browser: Client, learner: User) -> None:
    LoginHistory.objects.create(
        user=learner, event=Event.FAILURE, door=Door.PAGE, device="<script>x</script>", reason="<b>y</b>"
    )
    page = browser.get(HISTORY).content.decode()
    assert "&lt;script&gt;x" in page
    assert "&lt;b&gt;y" in page
    assert "<script>x" not in page
    assert "<b>y" not in page


def test_the_history_is_paged(browser: Client, learner: User) -> None:
    before = timezone.now() - timedelta(hours=1)
    LoginHistory.objects.bulk_create(
        LoginHistory(user=learner, event=Event.FAILURE, door=Door.PAGE, device=f"Device {number:02}", at=before)
        for number in range(30)
    )
    first = browser.get(HISTORY)
    assert first.content.decode().count('<li class="thing">') == 20
    second = browser.get(first.context["next"])
    assert second.content.decode().count('<li class="thing">') == 11
    assert second.context["next"] is None
    assert browser.get(second.context["previous"]).context["entries"] == first.context["entries"]


@pytest.mark.parametrize("query", ["cursor=x", "page_size=1000", "page_size=x"])
def test_a_wrong_place_in_the_history_is_a_400(browser: Client, query: str) -> None:
    assert browser.get(f"{HISTORY}?{query}").status_code == 400


@pytest.mark.parametrize("address", [DEVICES, HISTORY])
def test_these_pages_are_for_members(visitor: Client, db: None, address: str) -> None:
    assert visitor.get(address)["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", [DEVICES, HISTORY])
def test_twice_the_rows_take_the_same_queries(browser: Client, learner: User, address: str) -> None:
    counts = []
    # How much one has not read is remembered from here on.
    browser.get(address)
    for rows in (6, 11):
        for _ in range(5):
            sessions.start(user=learner, visit=PHONE)
        with CaptureQueriesContext(connection) as queries:
            page = browser.get(address)
        assert page.content.count(b'<li class="thing">') == rows
        counts.append(len(queries))
    assert counts[0] == counts[1]
