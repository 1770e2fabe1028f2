"""What is no date in the place of one is asked back for, not an error of the server."""

from __future__ import annotations

import pytest
from django.contrib import admin as admins
from django.test import Client
from django.urls import reverse

from accounts.models import User


def lists_by_date() -> list[tuple[str, str]]:
    """Each with the field by which it is."""
    # Asking for an address loads them all, and with them what is registered.
    reverse("admin:index")
    return [
        (reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), shown.date_hierarchy)
        for model, shown in admins.site._registry.items()
        if shown.date_hierarchy
    ]


@pytest.mark.parametrize("sent", ["99999999999999999999", "0", "9999", "x", "' OR 1=1"])
@pytest.mark.parametrize("given", [("year",), ("month",), ("day",), ("year", "month"), ("year", "month", "day")])
def test_a_list_by_dates_takes_whatever_is_sent(client: Client, admin: User, given: tuple[str, ...], sent: str) -> None:
    client.force_login(admin)
    refused, lists = {}, lists_by_date()
    for address, name in lists:
        answer = client.get(address, {f"{name}__{part}": sent for part in given}, follow=True)
        if answer.status_code != 200:
            refused[address] = answer.status_code
    assert lists
    assert refused == {}
