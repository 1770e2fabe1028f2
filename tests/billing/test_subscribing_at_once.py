"""Two tabs, two clicks: what one person begins twice at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from billing.models import Subscription
from billing.services.asking import STILL_AT_IT, ProviderDown
from billing.services.subscribing import Wish, current_subscription, subscribe
from common.database import lock_for_transaction
from tests.at_once import alone, at_once
from tests.billing.shoppers import PREMIUM, Shopper
from tests.billing.shops import CANCEL, RETURN

pytestmark = pytest.mark.django_db(transaction=True)

WISH = Wish("premium", "month", "stripe", RETURN, CANCEL)


def test_two_checkouts_at_once_are_one(shopper: Shopper) -> None:
    pages = {outcome.redirect_url for outcome in at_once(lambda: subscribe(user=shopper.user, wish=WISH), times=3)}
    assert pages == {Subscription.objects.get().checkout_url}


def test_a_checkout_for_something_else_closes_the_first(shopper: Shopper) -> None:
    wishes = iter([WISH, replace(WISH, interval="year")])
    at_once(lambda: subscribe(user=shopper.user, wish=next(wishes)))
    open_ones = Subscription.objects.exclude(checkout_url="")
    assert (Subscription.objects.count(), open_ones.count()) == (2, 1)


def test_whoever_asks_again_while_the_provider_is_slow_is_told_to_wait(shopper: Shopper) -> None:
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_for_transaction("billing", shopper.user.pk)
        second = pool.submit(alone, lambda: shopper.browser.post("/billing/checkout/", PREMIUM)).result(timeout=30)
    assert second.status_code == 503
    assert STILL_AT_IT in second.content.decode()


def test_a_checkout_at_a_provider_that_is_away_keeps_nobody_from_the_other(
    shopper: Shopper, paypal: object, settings: Any
) -> None:
    subscribe(user=shopper.user, wish=WISH)
    first = Subscription.objects.get()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ProviderDown):
        subscribe(user=shopper.user, wish=replace(WISH, interval="year"))
    assert subscribe(user=shopper.user, wish=replace(WISH, provider="paypal")).redirect_url
    assert current_subscription(shopper.user) == Subscription.objects.exclude(pk=first.pk).get()
