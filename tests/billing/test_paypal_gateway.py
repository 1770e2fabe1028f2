"""What the gateway does at PayPal, and what it makes of a PayPal that is in trouble or says no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from billing.gateways.base import NotThere, ProviderAway, Refused
from billing.gateways.paypal import PayPal
from billing.gateways.paypal.client import Line, call, get, line
from billing.models import Price, State
from tests.billing.paypal_shop import START, Shop
from tests.billing.paypal_shop import shop as shop  # noqa: PLC0414 - a fixture
from tests.billing.shops import CANCEL, DAY, MONTH, RETURN, YEAR

DUE = START.replace(month=2, day=28)


@pytest.fixture
def impatient(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A line that waits for a moment only."""
    monkeypatch.setattr(line().http, "timeout", httpx.Timeout(0.3))
    shop.paypal.control("trouble", provider="paypal", trouble="slow")
    yield
    shop.paypal.control("trouble", provider="paypal", trouble="")


def test_it_is_ready_when_all_keys_are_set(paypal_keys: object, settings: Any) -> None:
    assert PayPal().is_ready()
    settings.PAYPAL_WEBHOOK_ID = ""
    assert not PayPal().is_ready()


def test_plans_and_prices_are_made_once(shop: Shop) -> None:
    assert shop.gateway.sync_plan(shop.plan, dry_run=False) == []
    assert shop.gateway.sync_price(shop.month, dry_run=False) == []
    plan = get(f"/v1/billing/plans/{shop.year.paypal_id}")
    assert plan["product_id"] == shop.plan.paypal_id == "how-to-ai-premium"
    assert plan["billing_cycles"][0]["pricing_scheme"]["fixed_price"]["value"] == "500.00"


def test_a_price_whose_answer_was_lost_is_found_again(shop: Shop) -> None:
    known = shop.month.paypal_id
    shop.month.paypal_id = ""
    assert shop.gateway.sync_price(shop.month, dry_run=False) == []
    assert shop.month.paypal_id == known


def test_a_dry_run_says_what_would_be_done_and_does_nothing(shop: Shop) -> None:
    shop.plan.summary = "Better"
    before = len(shop.asked())
    (words,) = shop.gateway.sync_plan(shop.plan, dry_run=True)
    assert "Better" in words
    new = Price(plan=shop.plan, interval="month", amount=6000, currency="USD", version=9)
    (words,) = shop.gateway.sync_price(new, dry_run=True)
    assert "$60 a month" in words
    assert new.paypal_id == ""
    assert [asked for asked in shop.asked()[before:] if not asked.startswith(("GET", "POST /v1/oauth2"))] == []
    shop.gateway.sync_plan(shop.plan, dry_run=False)
    assert get("/v1/catalogs/products/how-to-ai-premium")["description"] == "Better"


def test_a_retired_price_takes_no_new_members(shop: Shop) -> None:
    row = shop.subscribe()
    shop.month.retired_at = START
    assert shop.gateway.sync_price(shop.month, dry_run=False) == ["PayPal: retire the plan premium-month-usd-v1"]
    assert shop.gateway.sync_price(shop.month, dry_run=False) == []
    assert shop.fetch(row).state == State.ACTIVE
    with pytest.raises(Refused, match="PLAN_STATUS_INVALID"):
        shop.begin()


def test_a_checkout_that_is_asked_for_twice_is_the_same(shop: Shop) -> None:
    row = shop.begin()
    again = shop.gateway.start(row, return_url=RETURN, cancel_url=CANCEL, trial_days=0)
    assert (again.reference, again.url) == (row.checkout_reference, row.checkout_url)
    assert again.expires_at == row.created_at + timedelta(hours=3)
    page = shop.paypal.client.get(row.checkout_url)
    assert "Premium, monthly" in page.text


def test_somebody_who_consents_on_the_page_comes_back(shop: Shop) -> None:
    row = shop.begin()
    answer = shop.paypal.client.post(row.checkout_url, data={"decision": "agree", "wallet": "works"})
    assert answer.headers["Location"].startswith(RETURN)
    assert shop.gateway.find(row) == row.checkout_reference


def test_a_change_of_price_costs_nothing_now(shop: Shop) -> None:
    row = shop.subscribe()
    preview = shop.gateway.preview(row, shop.year)
    assert (preview.due_now, preview.currency, preview.at, preview.at_once) == (0, "USD", START, False)
    assert (preview.next_payment_at, preview.next_payment) == (DUE, YEAR)
    step = shop.change(row, shop.year)
    assert step.consent_url.startswith(f"{shop.paypal.paypal}/webapps/billing/subscriptions/update?ba_token=")


def test_a_cancellation_becomes_a_pause_and_a_pause_a_cancellation(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.cancel_at_period_end(row)
    shop.gateway.cancel_at_period_end(row)
    shop.gateway.pause(row, until=DUE + 31 * DAY)
    assert shop.fetch(row).state == State.PAUSED
    shop.gateway.cancel_at_period_end(row)
    assert shop.fetch(row).state == State.CANCELLED
    shop.gateway.resume(row)
    shop.gateway.resume(row)
    assert (shop.fetch(row).state, len(shop.fetch(row).payments)) == (State.ACTIVE, 1)


def test_another_reason_never_lets_it_go_on_for_a_moment(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.pause(row, until=DUE + 31 * DAY)
    before = len(shop.asked())
    shop.gateway.cancel_at_period_end(row)
    truth = shop.fetch(row)
    assert (truth.state, truth.own_key) == (State.CANCELLED, row.pk)
    shop.gateway.pause(row, until=DUE + 62 * DAY)
    assert shop.fetch(row).resumes_at == DUE + 62 * DAY - timedelta(hours=1)
    assert [asked for asked in shop.asked()[before:] if asked.startswith("POST")] == []


def test_a_former_reason_says_nothing_of_a_later_suspension(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.pause(row, until=DUE + 31 * DAY)
    shop.gateway.cancel_at_period_end(row)
    shop.gateway.resume(row)
    call("POST", f"/v1/billing/subscriptions/{row.reference}/suspend", json={"reason": "By staff"})
    truth = shop.fetch(row)
    assert (truth.state, truth.resumes_at, truth.own_key) == (State.PAUSED, None, row.pk)


def test_what_was_ended_at_paypal_cannot_be_taken_back(shop: Shop) -> None:
    row = shop.subscribe()
    shop.paypal.control("paypal/cancel", id=row.reference)
    for deed in (shop.gateway.resume, shop.gateway.cancel_at_period_end, shop.gateway.unpause):
        with pytest.raises(Refused) as refused:
            deed(row)
        assert "cannot be taken back" in refused.value.words


def test_it_can_be_ended_at_once_and_once_more(shop: Shop) -> None:
    row = shop.subscribe(trial_days=7)
    shop.move_to(START + DAY)
    shop.gateway.cancel_now(row)
    shop.gateway.cancel_now(row)
    truth = shop.fetch(row)
    assert (truth.state, truth.ended_at) == (State.ENDED, START + DAY)
    row.reference = shop.begin().checkout_reference
    with pytest.raises(Refused):
        shop.gateway.cancel_now(row)
    row.reference = "I-NONE"
    with pytest.raises(NotThere):
        shop.gateway.cancel_now(row)


def test_a_refund_is_made_once_and_never_of_more_than_was_paid(shop: Shop) -> None:
    row = shop.subscribe()
    sale = shop.fetch(row).payments[0].reference
    for _ in range(2):
        shop.gateway.refund(sale, amount=1234, currency="USD", key="refund-1")
    assert shop.fetch(row).payments[0].returned == 1234
    with pytest.raises(Refused):
        shop.gateway.refund(sale, amount=MONTH, currency="USD", key="refund-2")
    with pytest.raises(Refused):
        shop.gateway.refund(sale, amount=1, currency="EUR", key="refund-3")
    with pytest.raises(NotThere):
        shop.gateway.refund("NONE", amount=1, currency="USD", key="refund-4")


def test_members_see_to_their_wallet_at_paypal(shop: Shop) -> None:
    row = shop.subscribe()
    url = shop.gateway.portal_url(shop.user, row, return_url=RETURN)
    assert shop.paypal.client.get(url).status_code == 200


def test_pages_are_paypals_own_where_the_api_is(settings: Any) -> None:
    from billing.gateways.paypal.checkout import pages_base

    settings.PAYPAL_API_BASE = "https://api-m.sandbox.paypal.com"
    assert pages_base() == "https://www.sandbox.paypal.com"


@pytest.mark.parametrize("trouble", ["down", "nonsense"])
def test_a_paypal_in_trouble_is_away(shop: Shop, trouble: str) -> None:
    row = shop.subscribe()
    shop.paypal.control("trouble", provider="paypal", trouble=trouble)
    for deed in (
        lambda: shop.fetch(row),
        shop.begin,
        lambda: shop.gateway.preview(row, shop.year),
        lambda: shop.change(row, shop.year),
        lambda: shop.gateway.cancel_at_period_end(row),
        lambda: shop.gateway.cancel_now(row),
        lambda: shop.gateway.refund("X", amount=1, currency="USD", key="x"),
        lambda: list(shop.gateway.news_since(START)),
        lambda: shop.gateway.find(row),
        lambda: shop.gateway.sync_plan(shop.plan, dry_run=False),
        lambda: shop.gateway.sync_price(shop.month, dry_run=False),
    ):
        with pytest.raises(ProviderAway):
            deed()


def test_a_paypal_that_is_slow_is_not_waited_for(shop: Shop, impatient: None) -> None:
    with pytest.raises(ProviderAway, match="ReadTimeout"):
        shop.begin()


def test_a_paypal_that_is_not_there_is_away(settings: Any) -> None:
    settings.PAYPAL_API_BASE = "http://127.0.0.1:9/paypal"
    with pytest.raises(ProviderAway, match="ConnectError"):
        PayPal().fetch("I-1")


def test_wrong_credentials_are_no_answer(shop: Shop, settings: Any) -> None:
    settings.PAYPAL_CLIENT_SECRET = "wrong"
    with pytest.raises(ProviderAway, match="401"):
        shop.fetch(shop.begin())


def test_a_token_is_used_until_it_is_refused_and_then_anew(shop: Shop) -> None:
    row = shop.subscribe()
    before = len(shop.asked())
    shop.fetch(row)
    assert "POST /v1/oauth2/token" not in shop.asked()[before:]
    shop.paypal.advance(hours=10)
    assert shop.fetch(row).state == State.ACTIVE


def test_a_token_is_not_used_up_to_its_very_end(shop: Shop) -> None:
    mine = Line(shop.paypal.paypal, "stand-in-client", "stand-in-secret")
    first = mine.signed_in()
    assert mine.signed_in() == first
    mine.good_until = 0.0
    assert mine.signed_in() != first
    mine.http.close()


@pytest.mark.parametrize("answer", ["[]", "{}", '{"status": 1}', '{"id": "I-1", "status": "ODD", "plan_id": "P"}', ""])
def test_an_answer_that_lacks_what_it_must_have_is_no_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    row = shop.subscribe()
    talkative = httpx.MockTransport(lambda _: httpx.Response(200, text=answer))
    with httpx.Client(transport=talkative) as client:
        monkeypatch.setattr(line(), "http", client)
        with pytest.raises(ProviderAway):
            shop.fetch(row)


def test_the_next_payment_is_told_from_a_subscription_that_is_cancelled(shop: Shop) -> None:
    row = shop.subscribe()
    shop.gateway.cancel_at_period_end(row)
    preview = shop.gateway.preview(row, shop.year)
    assert preview.next_payment_at == datetime(2027, 2, 28, 15, 30, tzinfo=START.tzinfo)
