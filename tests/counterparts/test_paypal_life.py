"""What becomes of a subscription at the stand-in for PayPal, as time passes and people decide."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.counterparts.merchants import MONTHLY, Merchant
from tests.counterparts.process import Counterparts

START = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def merchant(paypal: Counterparts) -> Iterator[Merchant]:
    paypal.stop_at(START)
    with Merchant(paypal) as merchant:
        yield merchant


def kinds(paypal: Counterparts) -> list[str]:
    """What was told about subscriptions and payments, oldest first."""
    names = [event["event_type"] for event in paypal.events()]
    return [name for name in names if not name.startswith(("CATALOG", "BILLING.PLAN"))]


def move_to(merchant: Merchant, moment: datetime) -> None:
    merchant.counterparts.stop_at(moment)
    merchant.sign_in()


def free_trial(days: int) -> dict[str, Any]:
    return {
        "frequency": {"interval_unit": "DAY", "interval_count": days},
        "tenure_type": "TRIAL",
        "sequence": 1,
        "total_cycles": 1,
    }


def test_a_subscription_is_paid_every_month_on_the_same_day_or_the_last(
    paypal: Counterparts, merchant: Merchant
) -> None:
    name = merchant.subscribe()
    assert merchant.show(name)["billing_info"]["next_billing_time"] == "2027-02-28T12:00:00Z"
    move_to(merchant, START + timedelta(days=100))
    assert [each["time"] for each in merchant.transactions(name)[::-1]] == [
        "2027-01-31T12:00:00Z",
        "2027-02-28T12:00:00Z",
        "2027-03-31T12:00:00Z",
        "2027-04-30T12:00:00Z",
    ]
    assert kinds(paypal) == [
        "BILLING.SUBSCRIPTION.CREATED",
        "BILLING.SUBSCRIPTION.ACTIVATED",
        *["PAYMENT.SALE.COMPLETED"] * 4,
    ]


def test_a_trial_costs_nothing_and_then_the_months_begin(paypal: Counterparts, merchant: Merchant) -> None:
    plan = merchant.make_plan(free_trial(14), MONTHLY | {"sequence": 2})
    name = merchant.subscribe(plan)
    assert merchant.transactions(name) == []
    assert merchant.show(name)["billing_info"]["next_billing_time"] == "2027-02-14T12:00:00Z"
    move_to(merchant, START + timedelta(days=14))
    shown = merchant.show(name)["billing_info"]
    assert shown["next_billing_time"] == "2027-03-14T12:00:00Z"
    assert [each["cycles_completed"] for each in shown["cycle_executions"]] == [1, 1]
    assert len(merchant.transactions(name)) == 1


def test_a_payment_that_fails_is_tried_twice_again_and_then_the_subscription_is_suspended(
    paypal: Counterparts, merchant: Merchant
) -> None:
    name = merchant.subscribe(wallet="fails_later")
    due = datetime(2027, 2, 28, 12, tzinfo=UTC)
    for failures, days in enumerate((0, 5), start=1):
        move_to(merchant, due + timedelta(days=days))
        shown = merchant.show(name, "last_failed_payment")
        assert (shown["status"], shown["billing_info"]["failed_payments_count"]) == ("ACTIVE", failures)
        retry = shown["billing_info"]["last_failed_payment"]["next_payment_retry_time"]
        assert datetime.fromisoformat(retry) == due + timedelta(days=days + 5)
    move_to(merchant, due + timedelta(days=10))
    shown = merchant.show(name, "last_failed_payment")
    assert shown["status"] == "SUSPENDED"
    assert shown["billing_info"]["outstanding_balance"] == {"currency_code": "USD", "value": "50.00"}
    assert "next_payment_retry_time" not in shown["billing_info"]["last_failed_payment"]
    assert kinds(paypal)[-4:] == [*["BILLING.SUBSCRIPTION.PAYMENT.FAILED"] * 3, "BILLING.SUBSCRIPTION.SUSPENDED"]
    assert [each["status"] for each in merchant.transactions(name)] == [*["DECLINED"] * 3, "COMPLETED"]


def test_a_wallet_that_works_again_pays_what_is_outstanding_at_the_next_try(
    paypal: Counterparts, merchant: Merchant
) -> None:
    name = merchant.subscribe(wallet="fails_later")
    move_to(merchant, START + timedelta(days=30))
    paypal.control("paypal/wallet", id=name, wallet="works")
    move_to(merchant, START + timedelta(days=33))
    shown = merchant.show(name, "last_failed_payment")["billing_info"]
    assert shown["failed_payments_count"] == 0
    assert shown["outstanding_balance"]["value"] == "0.00"
    assert "last_failed_payment" not in shown
    # The retry has not moved the day of the month.
    assert shown["next_billing_time"] == "2027-03-31T12:00:00Z"


def test_what_is_outstanding_can_be_asked_for_and_then_a_suspended_subscription_goes_on(
    paypal: Counterparts, merchant: Merchant
) -> None:
    name = merchant.subscribe(wallet="fails_later")
    move_to(merchant, START + timedelta(days=45))
    refused = merchant.do(name, "activate", expect=422, reason="Please")
    assert refused["details"][0]["issue"] == "SUBSCRIPTION_CANNOT_BE_ACTIVATED"
    wanted = {"note": "Rest", "capture_type": "OUTSTANDING_BALANCE"}
    amount = {"currency_code": "USD", "value": "50.00"}
    assert merchant.do(name, "capture", expect=200, **wanted, amount=amount)["status"] == "DECLINED"
    paypal.control("paypal/wallet", id=name, wallet="works")
    assert merchant.do(name, "capture", expect=200, **wanted, amount=amount)["status"] == "COMPLETED"
    again = merchant.do(name, "capture", expect=422, **wanted, amount=amount)
    assert again["details"][0]["issue"] == "ZERO_OUTSTANDING_BALANCE"
    merchant.do(name, "activate", reason="Paid")
    assert merchant.show(name)["billing_info"]["next_billing_time"] == "2027-03-31T12:00:00Z"
    assert kinds(paypal)[-1] == "BILLING.SUBSCRIPTION.RE-ACTIVATED"


def test_a_first_payment_that_fails_leaves_an_active_subscription_for_which_nothing_was_paid(
    merchant: Merchant,
) -> None:
    name = merchant.subscribe(wallet="fails")
    shown = merchant.show(name)
    assert (shown["status"], shown["billing_info"]["failed_payments_count"]) == ("ACTIVE", 1)
    assert "last_payment" not in shown["billing_info"]


def test_a_setup_fee_that_fails_cancels(merchant: Merchant) -> None:
    preferences = {"setup_fee": {"currency_code": "USD", "value": "10.00"}, "payment_failure_threshold": 3}
    name = merchant.subscribe(merchant.make_plan(payment_preferences=preferences), wallet="fails")
    assert merchant.show(name)["status"] == "CANCELLED"


def test_a_subscription_with_an_end_expires_after_its_last_month(paypal: Counterparts, merchant: Merchant) -> None:
    name = merchant.subscribe(merchant.make_plan(MONTHLY | {"total_cycles": 2}))
    assert merchant.show(name)["billing_info"]["final_payment_time"] == "2027-02-28T12:00:00Z"
    move_to(merchant, START + timedelta(days=35))
    assert "next_billing_time" not in merchant.show(name)["billing_info"]
    move_to(merchant, START + timedelta(days=365))
    assert merchant.show(name)["status"] == "EXPIRED"
    assert len(merchant.transactions(name)) == 2
    assert kinds(paypal)[-1] == "BILLING.SUBSCRIPTION.EXPIRED"


def test_nothing_is_asked_for_while_a_subscription_is_suspended_nor_afterwards_for_that_time(
    paypal: Counterparts, merchant: Merchant
) -> None:
    name = merchant.subscribe()
    merchant.do(name, "suspend", reason="A pause")
    shown = merchant.show(name)
    assert (shown["status"], shown["status_change_note"]) == ("SUSPENDED", "A pause")
    move_to(merchant, START + timedelta(days=70))
    merchant.do(name, "activate", reason="Back")
    assert merchant.show(name)["billing_info"]["next_billing_time"] == "2027-04-30T12:00:00Z"
    assert len(merchant.transactions(name)) == 1


def test_a_later_start_is_waited_for(merchant: Merchant) -> None:
    name = merchant.subscribe(start_time="2027-03-15T00:00:00Z")
    assert merchant.transactions(name) == []
    move_to(merchant, datetime(2027, 3, 15, tzinfo=UTC))
    assert len(merchant.transactions(name)) == 1


def test_another_plan_is_shown_after_consent_and_paid_from_the_next_billing_time(
    paypal: Counterparts, merchant: Merchant
) -> None:
    product = merchant.make_product()
    name = merchant.subscribe(merchant.make_plan(product=product))
    yearly = deepcopy(MONTHLY)
    yearly["frequency"] = {"interval_unit": "YEAR", "interval_count": 1}
    yearly["pricing_scheme"] = {"fixed_price": {"value": "500.00", "currency_code": "USD"}}
    year = merchant.make_plan(yearly, product=product)
    month = merchant.show(name)["plan_id"]
    merchant.do(name, "revise", expect=200, plan_id=year)
    assert merchant.show(name)["plan_id"] == month
    paypal.control("paypal/approve", id=name)
    shown = merchant.show(name)
    assert (shown["plan_id"], shown["billing_info"]["next_billing_time"]) == (year, "2027-02-28T12:00:00Z")
    move_to(merchant, START + timedelta(days=28))
    assert merchant.show(name)["billing_info"]["next_billing_time"] == "2028-02-28T12:00:00Z"
    paid = [each["amount_with_breakdown"]["gross_amount"]["value"] for each in merchant.transactions(name)]
    assert paid == ["500.00", "50.00"]


def test_only_plans_of_the_same_product_can_take_each_others_place(merchant: Merchant) -> None:
    name = merchant.subscribe()
    refused = merchant.do(name, "revise", expect=422, plan_id=merchant.make_plan())
    assert refused["details"][0]["issue"] == "PLAN_PRODUCT_NOT_COMPATIBLE"


def test_a_new_price_holds_for_old_subscribers_ten_days_later(merchant: Merchant) -> None:
    plan = merchant.make_plan()
    soon, later = merchant.subscribe(plan), merchant.subscribe(plan, start_time="2027-02-20T12:00:00Z")
    move_to(merchant, datetime(2027, 2, 20, 13, tzinfo=UTC))
    price = {"pricing_scheme": {"fixed_price": {"value": "60.00", "currency_code": "USD"}}}
    schemes = [{"billing_cycle_sequence": 1, **price}]
    merchant.call("POST", f"/v1/billing/plans/{plan}/update-pricing-schemes", {"pricing_schemes": schemes}, expect=204)
    move_to(merchant, datetime(2027, 3, 25, tzinfo=UTC))
    newest = [
        merchant.transactions(name)[0]["amount_with_breakdown"]["gross_amount"]["value"] for name in (soon, later)
    ]
    assert newest == ["50.00", "60.00"]


def test_a_consent_that_waits_for_the_merchant_begins_when_the_merchant_says_so(merchant: Merchant) -> None:
    context = {"return_url": "http://testserver/a/", "cancel_url": "http://testserver/b/", "user_action": "CONTINUE"}
    name = merchant.subscribe(application_context=context)
    assert (merchant.show(name)["status"], merchant.transactions(name)) == ("APPROVED", [])
    merchant.do(name, "activate")
    assert (merchant.show(name)["status"], len(merchant.transactions(name))) == ("ACTIVE", 1)


def test_what_buyers_and_banks_do_without_us_is_told(paypal: Counterparts, merchant: Merchant) -> None:
    first, second = merchant.subscribe(), merchant.subscribe()
    sales = [merchant.transactions(name)[0]["id"] for name in (first, second)]
    paypal.control("paypal/refund", sale=sales[0], amount=2000)
    opened = paypal.control("paypal/dispute", sale=sales[1])
    paypal.control("paypal/resolve", dispute=opened["dispute_id"], for_buyer=True)
    paypal.control("paypal/cancel", id=first)
    assert kinds(paypal)[-5:] == [
        "PAYMENT.SALE.REFUNDED",
        "CUSTOMER.DISPUTE.CREATED",
        "PAYMENT.SALE.REVERSED",
        "CUSTOMER.DISPUTE.RESOLVED",
        "BILLING.SUBSCRIPTION.CANCELLED",
    ]
    states = [merchant.transactions(name)[0]["status"] for name in (first, second)]
    assert states == ["PARTIALLY_REFUNDED", "REFUNDED"]
    assert merchant.show(first)["status"] == "CANCELLED"
