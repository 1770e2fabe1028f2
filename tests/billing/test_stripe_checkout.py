"""Where members are sent at Stripe, and who they are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from djstripe.models import Customer

from billing.gateways.base import NotThere, Refused
from billing.gateways.stripe.client import client, read
from billing.models import Provider, State, Subscription
from tests.billing.shops import CANCEL, RETURN
from tests.billing.stripe_shop import Shop, pay
from tests.factories import make_user


def session_of(row: Subscription) -> Any:
    return read("checkout", "sessions", row.checkout_reference)


def test_a_checkout_is_for_this_row_and_this_person(shop: Shop) -> None:
    row = shop.begin()
    session = session_of(row)
    assert (session["client_reference_id"], session["metadata"]) == (str(row.pk), {"subscription": str(row.pk)})
    assert session["customer"] == Customer.objects.get(subscriber=shop.user).id
    assert (session["success_url"], session["cancel_url"]) == (RETURN, CANCEL)
    assert session["allow_promotion_codes"]
    assert session["tax_id_collection"]["enabled"]
    assert not session["automatic_tax"]["enabled"]
    assert row.checkout_expires_at is not None
    assert timedelta(hours=23) < row.checkout_expires_at - timezone.now() <= timedelta(hours=24)
    assert httpx.get(row.checkout_url, trust_env=False).status_code == 200
    assert shop.gateway.find(row) == ""


def test_asked_again_it_is_the_same_checkout(shop: Shop) -> None:
    row = shop.begin(trial_days=7)
    again = shop.gateway.start(row, return_url=RETURN, cancel_url=CANCEL, trial_days=7)
    assert (again.reference, again.url) == (row.checkout_reference, row.checkout_url)
    assert shop.begin().checkout_reference != row.checkout_reference


def test_whoever_has_paid_is_led_back_and_found(shop: Shop) -> None:
    row = shop.begin()
    assert pay(row.checkout_url).headers["Location"] == RETURN
    reference = shop.gateway.find(row)
    truth = shop.gateway.fetch(reference)
    assert (truth.own_key, truth.state) == (row.pk, State.ACTIVE)


def test_a_row_without_a_checkout_has_no_subscription(shop: Shop) -> None:
    assert shop.gateway.find(Subscription(provider=Provider.STRIPE)) == ""


def test_in_what_is_given_up_nobody_pays(shop: Shop) -> None:
    row = shop.begin()
    shop.gateway.give_up(row.checkout_reference)
    shop.gateway.give_up(row.checkout_reference)
    assert httpx.post(row.checkout_url, data={"card": "works"}, trust_env=False).status_code == 410
    assert shop.gateway.find(row) == ""
    with pytest.raises(NotThere):
        shop.gateway.give_up("cs_test_unknown")


def test_giving_up_what_is_paid_changes_nothing(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.give_up(row.checkout_reference)
    assert shop.fetch(row).state == State.ACTIVE


def test_after_a_day_it_is_over(shop: Shop) -> None:
    row = shop.begin()
    shop.stripe.advance(hours=24, minutes=1)
    assert session_of(row)["status"] == "expired"
    shop.gateway.give_up(row.checkout_reference)


def test_taxes_are_reckoned_where_an_operator_wants_it(shop: Shop, settings: Any) -> None:
    settings.STRIPE_AUTOMATIC_TAX = True
    assert session_of(shop.begin())["automatic_tax"]["enabled"]


def test_a_price_that_is_retired_takes_nobody(shop: Shop) -> None:
    shop.month.retired_at = timezone.now()
    shop.gateway.sync_price(shop.month, dry_run=False)
    with pytest.raises(Refused):
        shop.begin()


def test_somebody_is_one_customer_with_the_address_of_today(shop: Shop) -> None:
    customer = session_of(shop.begin())["customer"]
    assert read("customers", customer)["email"] == shop.user.email
    shop.user.email = "new-address@howtoai.example"
    shop.user.save()
    assert session_of(shop.begin())["customer"] == customer
    assert read("customers", customer)["email"] == "new-address@howtoai.example"
    assert Customer.objects.get(subscriber=shop.user).email == "new-address@howtoai.example"


def test_others_are_other_customers(shop: Shop) -> None:
    mine = session_of(shop.begin())["customer"]
    shop.user = make_user()
    assert session_of(shop.begin())["customer"] != mine


def test_a_customer_that_staff_deleted_is_made_anew(shop: Shop) -> None:
    former = session_of(shop.begin())["customer"]
    client().v1.customers.delete(former)
    now = session_of(shop.begin())["customer"]
    assert now != former
    assert session_of(shop.begin())["customer"] == now


def test_a_customer_whose_mirror_was_lost_is_not_made_twice(shop: Shop) -> None:
    customer = session_of(shop.begin())["customer"]
    Customer.objects.all().delete()
    assert session_of(shop.begin())["customer"] == customer


def test_the_portal_is_that_of_the_customer_who_pays(shop: Shop) -> None:
    row = shop.subscribe()
    Customer.objects.all().delete()
    url = shop.gateway.portal_url(shop.user, row, return_url=RETURN)
    assert "4242" in httpx.get(url, trust_env=False).text
    row.reference = "sub_unknown"
    with pytest.raises(NotThere):
        shop.gateway.portal_url(shop.user, row, return_url=RETURN)
