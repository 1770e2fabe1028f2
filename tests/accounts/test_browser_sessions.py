"""A browser's session and the device that is signed in there are read together, and end together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BrowserSession, Session, User
from accounts.models.sessions import EndReason
from accounts.session_store import SESSION_KEY, SessionStore
from tests.factories import make_user


@pytest.fixture
def browser(learner: User) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def stored(browser: Client) -> BrowserSession:
    row: BrowserSession = BrowserSession.objects.get(pk=browser.session.session_key)
    return row


def is_signed_in(browser: Client) -> bool:
    return browser.get("/learning/").status_code == 200


def test_its_row_names_the_device_that_stands_in_it(browser: Client, learner: User) -> None:
    row = stored(browser)
    assert row.device == Session.objects.get(user=learner)
    assert row.get_decoded()[SESSION_KEY] == str(row.device_id)


def test_it_goes_with_its_device(browser: Client, learner: User) -> None:
    key = browser.session.session_key
    Session.objects.filter(user=learner).delete()
    assert not BrowserSession.objects.filter(pk=key).exists()
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "over",
    [
        {"ended_at": timezone.now(), "end_reason": EndReason.REVOKED},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_device_that_is_over_signs_nobody_in_and_leaves_nothing_in_the_browser(
    browser: Client, learner: User, over: dict[str, Any]
) -> None:
    key = browser.session.session_key
    assert is_signed_in(browser)
    Session.objects.filter(user=learner).update(**over)
    assert not is_signed_in(browser)
    assert not BrowserSession.objects.filter(pk=key).exists()


def test_a_device_without_a_session_that_says_so_signs_nobody_in(browser: Client, stranger: User) -> None:
    """What is signed in the session counts, not the key beside it."""
    other = Client()
    other.force_login(stranger)
    BrowserSession.objects.filter(pk=browser.session.session_key).update(device=stored(other).device)
    assert not is_signed_in(browser)
    assert is_signed_in(other)


def test_a_session_that_another_key_has_signed_signs_nobody_in(browser: Client, settings: Any) -> None:
    assert is_signed_in(browser)
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 10
    settings.SECRET_KEY_FALLBACKS = [before]
    assert is_signed_in(browser)
    settings.SECRET_KEY_FALLBACKS = []
    assert not is_signed_in(browser)


def test_a_new_key_for_the_session_keeps_the_device(browser: Client) -> None:
    store = SessionStore(session_key=browser.session.session_key)
    store.cycle_key()
    row = BrowserSession.objects.get(pk=store.session_key)
    assert str(row.device_id) == store[SESSION_KEY]


@pytest.mark.django_db(transaction=True)
def test_a_browser_whose_device_is_deleted_meanwhile_is_signed_in_no_more() -> None:
    """A request has read the session when the account goes, and then gives it a new key."""
    person, browser = make_user(), Client()
    browser.force_login(person)
    store = SessionStore(session_key=browser.session.session_key)
    assert SESSION_KEY in store
    Session.objects.filter(user=person).delete()
    store.cycle_key()
    row = BrowserSession.objects.get(pk=store.session_key)
    assert row.device is None
    assert SESSION_KEY not in row.get_decoded()


def test_who_has_not_signed_in_has_no_device(db: None) -> None:
    store = SessionStore()
    store["something"] = 1
    store.save()
    read = SessionStore(session_key=store.session_key)
    assert read["something"] == 1
    assert read.device is None
    assert BrowserSession.objects.get(pk=store.session_key).device is None
