"""Staff give a plan another price: what the service refuses is an error of the form."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from billing.models import Interval, Plan, Price
from billing.services import offers

ADD = "/admin/billing/price/add/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def premium(db: None) -> Plan:
    return Plan.objects.get(code="premium")


def add(desk: Client, plan: Plan, **fields: str) -> str:
    given = {"plan": str(plan.pk), "interval": "month", "currency": "USD", "amount": "60"} | fields
    return desk.post(ADD, given, follow=True).content.decode()


def prices(plan: Plan) -> list[tuple[int, int, bool]]:
    months = plan.prices.filter(interval=Interval.MONTH).order_by("version")
    return [(price.version, price.amount, price.retired_at is None) for price in months]


def test_another_price_takes_the_place_of_the_old_one(desk: Client, premium: Plan) -> None:
    assert "was added successfully" in add(desk, premium)
    assert prices(premium) == [(1, 5000, False), (2, 6000, True)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "50"}, offers.SAME_PRICE),
        ({"currency": "EUR"}, "Premium is sold in USD, and a plan has all its prices in one currency."),
        ({"currency": "usd"}, "Premium is sold in USD"),
        ({"amount": "0"}, "A price is more than nothing."),
        ({"amount": "-5"}, "greater than or equal to 0"),
        ({"amount": "much"}, "Write an amount such as 50 or 49.99."),
    ],
)
def test_a_price_that_is_none_is_an_error_of_the_form(
    desk: Client, premium: Plan, fields: dict[str, str], words: str
) -> None:
    assert words in add(desk, premium, **fields)
    assert prices(premium) == [(1, 5000, True)]


@pytest.mark.parametrize("code", ["free", "enterprise"])
def test_a_plan_without_prices_gets_none(desk: Client, db: None, code: str) -> None:
    plan = Plan.objects.get(code=code)
    assert "has no price to choose" in add(desk, plan)
    assert not Price.objects.filter(plan=plan).exists()


def test_the_service_keeps_to_one_currency_too(admin: User, premium: Plan) -> None:
    with pytest.raises(ValidationError) as refused:
        offers.set_price(plan=premium, interval="year", amount=50_000, currency="EUR", by=admin)
    assert list(refused.value.message_dict) == ["currency"]
