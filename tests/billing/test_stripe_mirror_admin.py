"""Staff look at what Stripe says, and change nothing there."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as djangos
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.admin.stripe_mirror import COLUMNS, MirrorAdmin
from billing.djstripe_mirror import mirror
from tests.billing.stripe_objects import a_coupon, a_dispute, a_promotion_code, a_refund, a_subscription
from tests.factories import make_user

SHOWN = list(COLUMNS)


def list_of(model: Any) -> str:
    return f"/admin/djstripe/{model.__name__.lower()}/"


def mirror_all(mark: str, subscriber: User) -> None:
    mirror(
        *(a_subscription(mark), a_refund(mark), a_dispute(mark), a_coupon(), a_promotion_code()), subscriber=subscriber
    )


@pytest.fixture
def desk(client: Client, admin: User, learner: User) -> Client:
    mirror_all("x", learner)
    client.force_login(admin)
    return client


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_an_administrator_looks_and_nothing_more(desk: Client, model: Any) -> None:
    row = model.objects.get()
    page = desk.get(list_of(model))
    assert page.status_code == 200
    assert row.id in page.content.decode()
    address = f"{list_of(model)}{row.pk}/change/"
    page = desk.get(address)
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert desk.post(address, {"id": "other"}).status_code == 403
    for other in (f"{list_of(model)}add/", f"{list_of(model)}{row.pk}/delete/"):
        assert desk.get(other).status_code == 403
    assert list(djangos.site.get_model_admin(model).get_actions(page.wsgi_request)) == []


def test_amounts_are_shown_in_whole_units(desk: Client) -> None:
    for name in ("invoice", "charge", "dispute", "price"):
        assert "$19" in desk.get(f"/admin/djstripe/{name}/").content.decode()
    assert "$5" in desk.get("/admin/djstripe/refund/").content.decode()


def test_one_is_found_by_its_id_and_by_no_part_of_it(desk: Client) -> None:
    assert "sub_x" in desk.get("/admin/djstripe/subscription/?q=sub_x").content.decode()
    assert "0 results" in desk.get("/admin/djstripe/subscription/?q=sub_").content.decode()


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_a_list_takes_as_many_queries_for_more_rows(desk: Client, model: Any) -> None:
    desk.get(list_of(model))
    with CaptureQueriesContext(connection) as few:
        desk.get(list_of(model))
    for number in range(3):
        mirror_all(f"y{number}", make_user())
    with CaptureQueriesContext(connection) as many:
        desk.get(list_of(model))
    assert len(many) == len(few)


def test_others_of_the_staff_do_not_see_it(client: Client, moderator: User, learner: User) -> None:
    mirror_all("x", learner)
    client.force_login(moderator)
    assert {client.get(list_of(model)).status_code for model in SHOWN} == {403}


def test_djstripes_own_pages_are_gone(desk: Client) -> None:
    registered = {
        model: djangos.site.get_model_admin(model)
        for model in apps.get_app_config("djstripe").get_models()
        if djangos.site.is_registered(model)
    }
    assert set(registered) == set(SHOWN)
    assert all(isinstance(page, MirrorAdmin) for page in registered.values())
    assert desk.get("/admin/djstripe/apikey/").status_code == 404
