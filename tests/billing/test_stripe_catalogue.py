"""Our plans and prices at Stripe."""

from __future__ import annotations

import pytest
from django.utils import timezone
from djstripe.models import Price as MirroredPrice
from djstripe.models import Product as MirroredProduct

from billing.gateways.base import Refused
from billing.gateways.stripe.client import read
from tests.billing.shops import MONTH
from tests.billing.stripe_shop import Shop


def test_plan_and_price_are_there_as_we_have_them(shop: Shop) -> None:
    product = read("products", shop.plan.stripe_id)
    assert (product["id"], product["name"], product["description"]) == (
        "how-to-ai-premium",
        "How-to-AI Premium",
        shop.plan.summary,
    )
    price = read("prices", shop.month.stripe_id)
    assert (price["product"], price["unit_amount"], price["currency"]) == ("how-to-ai-premium", MONTH, "usd")
    assert (price["recurring"]["interval"], price["active"]) == ("month", True)
    assert price["lookup_key"] == f"premium-month-usd-v{shop.month.version}"
    assert MirroredProduct.objects.filter(id=product["id"]).exists()
    assert MirroredPrice.objects.filter(id=price["id"]).exists()


def test_once_more_changes_nothing(shop: Shop) -> None:
    for dry_run in (True, False):
        assert shop.gateway.sync_plan(shop.plan, dry_run=dry_run) == []
        assert shop.gateway.sync_price(shop.month, dry_run=dry_run) == []
    assert len(read("prices", product=shop.plan.stripe_id)["data"]) == 2


def test_a_dry_run_says_what_would_be_done(shop: Shop) -> None:
    shop.stripe.control("forget")
    asked = len(shop.asked())
    (said,) = shop.gateway.sync_plan(shop.plan, dry_run=True)
    assert "make the product how-to-ai-premium" in said
    (said,) = shop.gateway.sync_price(shop.month, dry_run=True)
    assert "make the price premium-month-usd" in said
    assert "$50 a month" in said
    assert {entry.split()[0] for entry in shop.asked()[asked:]} == {"GET"}


def test_a_new_name_is_taken_over(shop: Shop) -> None:
    shop.plan.name, shop.plan.summary = "Gold", "More of everything."
    for dry_run in (True, False):
        (said,) = shop.gateway.sync_plan(shop.plan, dry_run=dry_run)
        assert "“How-to-AI Gold”: More of everything." in said
    assert read("products", shop.plan.stripe_id)["name"] == "How-to-AI Gold"
    assert shop.gateway.sync_plan(shop.plan, dry_run=False) == []


def test_a_plan_without_a_summary_has_none_there(shop: Shop) -> None:
    shop.plan.summary = ""
    for _ in ("changed", "made"):
        assert len(shop.gateway.sync_plan(shop.plan, dry_run=False)) == 1
        assert shop.gateway.sync_plan(shop.plan, dry_run=False) == []
        assert read("products", shop.plan.stripe_id)["description"] is None
        shop.stripe.control("forget")


def test_a_retired_price_is_not_offered_there(shop: Shop) -> None:
    shop.month.retired_at = timezone.now()
    for dry_run in (True, False):
        (said,) = shop.gateway.sync_price(shop.month, dry_run=dry_run)
        assert "retire the price" in said
    assert not read("prices", shop.month.stripe_id)["active"]
    assert shop.gateway.sync_price(shop.month, dry_run=False) == []


def test_a_retired_price_that_stripe_never_had_is_not_made(shop: Shop) -> None:
    shop.stripe.control("forget")
    shop.month.retired_at = timezone.now()
    assert shop.gateway.sync_price(shop.month, dry_run=False) == []


def test_what_was_made_while_the_answer_was_lost_is_found_again(shop: Shop) -> None:
    product, price = shop.plan.stripe_id, shop.month.stripe_id
    shop.plan.stripe_id = shop.month.stripe_id = ""
    assert shop.gateway.sync_plan(shop.plan, dry_run=False) == []
    assert shop.gateway.sync_price(shop.month, dry_run=False) == []
    assert (shop.plan.stripe_id, shop.month.stripe_id) == (product, price)


def test_another_price_by_its_name_is_refused(shop: Shop) -> None:
    shop.month.amount += 1
    with pytest.raises(Refused, match="price_differs"):
        shop.gateway.sync_price(shop.month, dry_run=False)
