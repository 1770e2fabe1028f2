"""Staff look into the log, and resolve kinds of errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ops.models import ErrorGroup, Level, SystemLog
from tests.ops.said import store_records

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
LOG = reverse("admin:ops_systemlog_changelist")
ERRORS = reverse("admin:ops_errorgroup_changelist")


@pytest.fixture
def browser(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def test_the_log_is_that_of_the_last_day_unless_asked(browser: Client) -> None:
    store_records(("of today", None), at=NOW - timedelta(minutes=1))
    store_records(("of the week", None), at=NOW - timedelta(days=3), level=Level.WARNING)
    page = browser.get(LOG).content.decode()
    assert "of today" in page
    assert "of the week" not in page
    week = browser.get(LOG, {"span": "7d", "level": "warning"}).content.decode()
    assert "of the week" in week
    assert "of today" not in week


def test_a_record_is_shown_whole_and_changed_by_nobody(browser: Client) -> None:
    store_records(("said", None), at=NOW, request_id="abc", reason="none")
    record = SystemLog.objects.get()
    address = reverse("admin:ops_systemlog_change", args=[record.pk])
    page = browser.get(address)
    assert "reason" in page.content.decode()
    assert browser.post(address, {"message": "other"}).status_code == 403
    assert browser.get(reverse("admin:ops_systemlog_add")).status_code == 403


def test_times_of_the_log_are_said_to_the_millisecond(browser: Client) -> None:
    at = NOW.replace(microsecond=42_999) - timedelta(minutes=1)
    store_records(("said", None), at=at)
    shown = f"{at:%Y-%m-%d %H:%M:%S}.042"
    assert shown in browser.get(LOG).content.decode()
    detail = browser.get(reverse("admin:ops_systemlog_change", args=[SystemLog.objects.get().pk])).content.decode()
    assert detail.count(shown) == 1


def test_a_kind_of_error_is_resolved(browser: Client) -> None:
    store_records(("it broke", None), at=NOW, level=Level.ERROR)
    group = ErrorGroup.objects.get()
    assert "it broke" in browser.get(ERRORS, {"state": "open"}).content.decode()
    done = browser.post(ERRORS, {"action": "resolve", "_selected_action": [group.pk]}, follow=True)
    assert "Resolved: 1. Were already: 0." in done.content.decode()
    assert "it broke" not in browser.get(ERRORS, {"state": "open"}).content.decode()
    assert "it broke" in browser.get(ERRORS, {"state": "resolved"}).content.decode()
    detail = browser.get(reverse("admin:ops_errorgroup_change", args=[group.pk])).content.decode()
    assert f"q={group.fingerprint}" in detail


@pytest.mark.parametrize("address", [LOG, ERRORS])
def test_others_of_the_staff_do_not_see_it(moderator: User, client: Client, address: str) -> None:
    client.force_login(moderator)
    assert client.get(address).status_code == 403
