"""What all pages of the admin have beside unfold's own: hints tied to their fields, times as our pages tell them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import formats

from accounts.models import User


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_every_hint_is_tied_to_its_field(desk: Client) -> None:
    html = desk.get("/admin/tutorials/tutorial/add/").content.decode()
    hints = {name for names in re.findall(r'aria-describedby="([^"]+)"', html) for name in names.split()}
    assert "id_summary_helptext" in hints
    assert hints <= set(re.findall(r'\bid="([^"]+)"', html))


def test_an_empty_list_says_what_is_not_there(desk: Client) -> None:
    assert "There are no API keys yet." in desk.get("/admin/accounts/apikey/").content.decode()
    found = desk.get("/admin/accounts/user/?q=nobody-at-all").content.decode()
    assert "Nothing fits what you search for" in found
    assert "Show all" in found


def test_times_without_a_format_are_told_as_on_our_pages() -> None:
    assert formats.date_format(datetime(2026, 11, 30, 13, 5, tzinfo=UTC), "DATETIME_FORMAT") == "30 Nov 2026, 13:05"
