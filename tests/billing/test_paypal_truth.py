"""What the gateway reads at PayPal, through the life of a subscription."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from billing.gateways.base import NotThere, ProviderAway
from billing.gateways.paypal.client import call, line
from billing.models import Invoice, InvoiceStatus, Refund, RefundKind, State
from tests.billing.paypal_shop import START, Shop
from tests.billing.paypal_shop import shop as shop  # noqa: PLC0414 - a fixture
from tests.billing.shops import DAY, MONTH, YEAR

DUE = datetime(2027, 2, 28, 15, 30, tzinfo=UTC)


def test_whoever_consents_is_active_for_a_month(shop: Shop) -> None:
    row = shop.subscribe()
    truth = shop.fetch(row)
    assert (truth.reference, truth.own_key, truth.state) == (row.reference, row.pk, State.ACTIVE)
    assert (truth.price_reference, truth.next_price_reference) == (shop.month.paypal_id, "")
    assert (truth.started_at, truth.current_period_start, truth.current_period_end) == (START, START, DUE)
    assert (truth.trial_started_at, truth.trial_ends_at, truth.ended_at, truth.resumes_at) == (None,) * 4
    (payment,) = truth.payments
    assert (payment.status, payment.currency, payment.total, payment.tax) == (InvoiceStatus.PAID, "USD", MONTH, 0)
    assert (payment.paid, payment.returned, payment.paid_at) == (MONTH, 0, START)
    assert (payment.period_start, payment.period_end) == (START, DUE)
    assert payment.number == payment.reference
    assert shop.paypal.client.get(payment.hosted_url).status_code == 200


def test_it_costs_two_questions(shop: Shop) -> None:
    row = shop.subscribe()
    before = len(shop.asked())
    shop.fetch(row)
    path = f"GET /v1/billing/subscriptions/{row.reference}"
    assert shop.asked()[before:] == [path, f"{path}/transactions"]


def test_who_has_not_consented_is_incomplete_and_not_found(shop: Shop) -> None:
    row = shop.begin(trial_days=7)
    assert shop.gateway.find(row) == ""
    truth = shop.gateway.fetch(row.checkout_reference)
    assert (truth.state, truth.payments, truth.own_key) == (State.INCOMPLETE, (), row.pk)
    row.checkout_reference = ""
    assert shop.gateway.find(row) == ""


def test_what_is_not_there_is_said_to_be_so(shop: Shop) -> None:
    with pytest.raises(NotThere):
        shop.gateway.fetch("I-NONE")
    row = shop.begin()
    row.checkout_reference = "I-FORGOTTEN"
    assert shop.gateway.find(row) == ""


def test_a_trial_is_followed_by_what_is_paid(shop: Shop) -> None:
    row = shop.subscribe(trial_days=14)
    truth = shop.fetch(row)
    assert (truth.state, truth.payments) == (State.TRIALING, ())
    assert (truth.trial_started_at, truth.trial_ends_at) == (START, START + 14 * DAY)
    assert truth.current_period_end == START + 14 * DAY
    shop.move_to(START + 14 * DAY)
    truth = shop.fetch(row)
    assert truth.state == State.ACTIVE
    (payment,) = truth.payments
    assert (payment.period_start, payment.period_end) == (START + 14 * DAY, datetime(2027, 3, 14, 15, 30, tzinfo=UTC))


def test_each_month_is_paid_as_it_begins(shop: Shop) -> None:
    row = shop.subscribe()
    shop.move_to(START + 100 * DAY)
    truth = shop.fetch(row)
    starts = [payment.period_start for payment in truth.payments]
    assert [f"{at:%m-%d}" for at in starts] == ["01-31", "02-28", "03-31", "04-30"]
    assert [payment.period_end for payment in truth.payments[:-1]] == starts[1:]
    assert truth.payments[-1].period_end == truth.current_period_end == datetime(2027, 5, 31, 15, 30, tzinfo=UTC)


def test_who_cannot_pay_is_tried_again_and_recovers(shop: Shop) -> None:
    row = shop.subscribe(wallet="fails_later")
    shop.move_to(DUE + DAY)
    truth = shop.fetch(row)
    assert (truth.state, truth.next_attempt_at) == (State.PAST_DUE, DUE + 5 * DAY)
    # What was paid is paid until then, and not until the next time that is due.
    assert [payment.period_end for payment in truth.payments] == [DUE]
    assert (truth.current_period_start, truth.current_period_end) == (DUE, datetime(2027, 3, 31, 15, 30, tzinfo=UTC))
    shop.paypal.control("paypal/wallet", id=row.reference, wallet="works")
    shop.move_to(DUE + 5 * DAY)
    truth = shop.fetch(row)
    assert (truth.state, truth.next_attempt_at) == (State.ACTIVE, None)
    assert truth.payments[-1].paid_at == DUE + 5 * DAY
    assert (truth.payments[-1].period_start, truth.payments[-1].period_end) == (DUE, truth.current_period_end)


def test_when_paypal_gives_up_it_is_over(shop: Shop) -> None:
    row = shop.subscribe(wallet="fails_later")
    shop.move_to(DUE + 20 * DAY)
    truth = shop.fetch(row)
    assert (truth.state, truth.ended_at, truth.next_attempt_at) == (State.ENDED, DUE + 10 * DAY, None)
    assert [payment.period_end for payment in truth.payments] == [DUE]


def test_an_active_subscription_for_which_nothing_was_paid_opens_nothing(shop: Shop) -> None:
    truth = shop.fetch(shop.subscribe(wallet="fails"))
    assert (truth.state, truth.payments) == (State.PAST_DUE, ())


def test_a_payment_that_is_not_listed_yet_is_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    row = shop.subscribe()
    real = line().http

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}) if request.url.path.endswith("/transactions") else real.send(request)

    with httpx.Client(transport=httpx.MockTransport(answer)) as lagging, monkeypatch.context() as patch:
        patch.setattr(line(), "http", lagging)
        with pytest.raises(ProviderAway, match="does not list the last payment yet"):
            shop.fetch(row)
    assert shop.fetch(row).state == State.ACTIVE


@pytest.mark.parametrize(("value", "end"), [("49.99", DUE), ("50.01", datetime(2027, 3, 31, 15, 30, tzinfo=UTC))])
def test_less_than_the_price_pays_for_nothing(
    shop: Shop, caplog: pytest.LogCaptureFixture, value: str, end: datetime
) -> None:
    row = shop.subscribe()
    price = {"value": value, "currency_code": "USD"}
    path = "/plan/billing_cycles/@sequence==1/pricing_scheme/fixed_price"
    change = {"op": "replace", "path": path, "value": price}
    call("PATCH", f"/v1/billing/subscriptions/{row.reference}", json=[change])
    shop.move_to(DUE)
    _, odd = shop.fetch(row).payments
    assert (odd.paid, odd.period_start, odd.period_end) == (int(value.replace(".", "")), DUE, end)
    assert (f"payment {odd.reference} is less" in caplog.text) == (end == DUE)


def test_who_cancels_keeps_what_is_paid_and_may_take_it_back(shop: Shop) -> None:
    row = shop.subscribe()
    shop.move_to(START + 5 * DAY)
    shop.gateway.cancel_at_period_end(row)
    truth = shop.fetch(row)
    assert (truth.state, truth.current_period_end, truth.ended_at) == (State.CANCELLED, DUE, None)
    shop.gateway.resume(row)
    assert shop.fetch(row).state == State.ACTIVE
    shop.gateway.cancel_at_period_end(row)
    shop.move_to(DUE + DAY)
    truth = shop.fetch(row)
    assert (truth.state, truth.ended_at, len(truth.payments)) == (State.ENDED, DUE, 1)


def test_a_trial_that_is_cancelled_ends_when_it_would_have(shop: Shop) -> None:
    row = shop.subscribe(trial_days=7)
    shop.gateway.cancel_at_period_end(row)
    assert shop.fetch(row).state == State.CANCELLED
    shop.move_to(START + 7 * DAY)
    truth = shop.fetch(row)
    assert (truth.state, truth.ended_at, truth.payments) == (State.ENDED, START + 7 * DAY, ())


def test_who_cancels_at_paypal_keeps_what_is_paid(shop: Shop) -> None:
    row = shop.subscribe()
    shop.paypal.control("paypal/cancel", id=row.reference)
    assert shop.fetch(row).state == State.CANCELLED
    shop.move_to(DUE)
    truth = shop.fetch(row)
    assert (truth.state, truth.ended_at) == (State.ENDED, DUE)


def test_a_pause_is_known_with_its_end(shop: Shop) -> None:
    row = shop.subscribe()
    until = datetime(2027, 4, 30, 15, 30, tzinfo=UTC)
    shop.gateway.pause(row, until=until)
    truth = shop.fetch(row)
    assert (truth.state, truth.current_period_end) == (State.PAUSED, DUE)
    assert truth.resumes_at == until - timedelta(hours=1)
    shop.move_to(truth.resumes_at)
    shop.gateway.unpause(row)
    truth = shop.fetch(row)
    # Nobody has paid for the time of the pause.
    assert (truth.state, truth.payments[-1].period_end) == (State.ACTIVE, DUE)
    shop.move_to(until)
    truth = shop.fetch(row)
    assert [(payment.period_start, payment.period_end) for payment in truth.payments] == [
        (START, DUE),
        (until, datetime(2027, 5, 31, 15, 30, tzinfo=UTC)),
    ]


def test_a_suspension_by_somebody_else_is_a_pause_without_an_end(shop: Shop) -> None:
    row = shop.subscribe()
    path = f"/v1/billing/subscriptions/{row.reference}/suspend"
    call("POST", path, json={"reason": "By staff"})
    truth = shop.fetch(row)
    assert (truth.state, truth.resumes_at) == (State.PAUSED, None)


def test_another_price_is_known_before_and_after_it_is_paid(shop: Shop) -> None:
    row = shop.subscribe()
    shop.change(row, shop.year)
    assert shop.fetch(row).next_price_reference == ""
    shop.consent(row.reference)
    truth = shop.fetch(row)
    assert (truth.price_reference, truth.next_price_reference) == (shop.month.paypal_id, shop.year.paypal_id)
    assert [payment.period_end for payment in truth.payments] == [DUE]
    shop.move_to(DUE)
    truth = shop.fetch(row)
    assert (truth.price_reference, truth.next_price_reference) == (shop.year.paypal_id, "")
    assert [(payment.total, payment.period_start, payment.period_end) for payment in truth.payments] == [
        (MONTH, START, DUE),
        (YEAR, DUE, datetime(2028, 2, 28, 15, 30, tzinfo=UTC)),
    ]


def test_who_changes_to_years_and_cancels_has_paid_for_a_month(shop: Shop) -> None:
    row = shop.subscribe()
    shop.change(row, shop.year)
    shop.consent(row.reference)
    shop.paypal.control("paypal/cancel", id=row.reference)
    assert [payment.period_end for payment in shop.fetch(row).payments] == [DUE]


def test_what_went_back_is_known_in_parts_and_as_a_whole(shop: Shop) -> None:
    row = shop.subscribe()
    sale = shop.fetch(row).payments[0].reference
    shop.gateway.refund(sale, amount=2000, currency="USD", key="first")
    (part,) = shop.fetch(row).payments[0].returns
    assert (part.kind, part.amount, part.at) == (RefundKind.REFUND, 2000, START)
    shop.move_to(START + DAY)
    shop.paypal.control("paypal/refund", sale=sale)
    returns = shop.fetch(row).payments[0].returns
    assert [each.amount for each in returns] == [2000, 3000]


def test_what_the_bank_took_back_is_a_dispute(shop: Shop) -> None:
    row = shop.subscribe()
    opened = shop.paypal.control("paypal/dispute", sale=shop.fetch(row).payments[0].reference)
    assert shop.fetch(row).payments[0].returns == ()
    shop.paypal.control("paypal/resolve", dispute=opened["dispute_id"], for_buyer=True)
    (taken,) = shop.fetch(row).payments[0].returns
    assert (taken.kind, taken.amount) == (RefundKind.DISPUTE, MONTH)


def test_what_paypal_no_longer_tells_is_known_from_what_was_written_down(shop: Shop) -> None:
    row = shop.subscribe()
    payment = shop.fetch(row).payments[0]
    shop.gateway.refund(payment.reference, amount=2000, currency="USD", key="first")
    part = shop.fetch(row).payments[0].returns[0]
    invoice = Invoice.objects.create(
        provider="paypal",
        reference=payment.reference,
        subscription=row,
        status="paid",
        currency="USD",
        total=MONTH,
        period_start=payment.period_start,
        period_end=payment.period_end,
        issued_at=START,
        paid_at=START,
    )
    Refund.objects.create(invoice=invoice, reference=part.reference, kind=part.kind, amount=part.amount, at=part.at)
    shop.move_to(START + 45 * DAY)
    assert shop.fetch(row).payments[0].returns == (part,)


def test_a_whole_refund_is_known_even_if_nobody_tells_of_it(shop: Shop) -> None:
    row = shop.subscribe()
    shop.paypal.control("paypal/refund", sale=shop.fetch(row).payments[0].reference)
    shop.move_to(START + 45 * DAY)
    (rest,) = shop.fetch(row).payments[0].returns
    assert (rest.amount, rest.at) == (MONTH, START)


def test_the_living_are_listed(shop: Shop) -> None:
    alive, ended = shop.subscribe(), shop.subscribe()
    shop.begin()
    shop.gateway.cancel_now(ended)
    assert list(shop.gateway.live_references()) == [alive.reference]


def test_what_was_told_is_read_oldest_first_also_what_never_arrived(shop: Shop) -> None:
    shop.paypal.control("mode", mode="lose")
    shop.subscribe()
    shop.move_to(START + 29 * DAY)
    kinds = [news.kind for news in shop.gateway.news_since(START)]
    assert kinds[-4:] == [
        "BILLING.SUBSCRIPTION.CREATED",
        "BILLING.SUBSCRIPTION.ACTIVATED",
        "PAYMENT.SALE.COMPLETED",
        "PAYMENT.SALE.COMPLETED",
    ]
    assert [news.kind for news in shop.gateway.news_since(DUE)] == ["PAYMENT.SALE.COMPLETED"]
