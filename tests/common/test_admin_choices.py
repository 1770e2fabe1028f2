"""What is no key in the place of one is a fault of the form, also where the admin looks things up."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_tutorial
from tests.tutorials.learners import make_track

NO_KEYS = ["'\"`);--", "x", "-", "99999999999999999999", "1.5"]


@pytest.mark.parametrize("sent", NO_KEYS)
@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/admin/billing/accessgrant/add/", "user"),
        ("/admin/billing/contract/add/", "organisation"),
        ("/admin/tutorials/tutorial/add/", "author"),
    ],
)
def test_what_is_no_key_is_a_fault_of_the_form(
    client: Client, admin: User, address: str, field: str, sent: str
) -> None:
    client.force_login(admin)
    answer = client.post(address, {field: sent})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors[field]


@pytest.mark.parametrize("sent", NO_KEYS)
def test_so_it_is_in_a_row_of_a_form(client: Client, admin: User, sent: str) -> None:
    client.force_login(admin)
    track = make_track(make_tutorial("Open"))
    rows = {"steps-TOTAL_FORMS": "1", "steps-INITIAL_FORMS": "0", "steps-0-tutorial": sent, "steps-0-position": "1"}
    answer = client.post(f"/admin/tutorials/track/{track.pk}/change/", {"title": track.title, **rows})
    assert answer.status_code == 200
