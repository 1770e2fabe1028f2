"""What the gateway reads at Stripe, through the life of a subscription."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.gateways.base import NotThere
from billing.gateways.stripe.client import client
from billing.models import InvoiceStatus, RefundKind, State
from tests.billing.shops import DAY, MONTH
from tests.billing.stripe_shop import Shop, pay


def test_whoever_pays_is_active_for_a_month(shop: Shop) -> None:
    row = shop.subscribe()
    truth = shop.fetch(row)
    assert (truth.reference, truth.own_key, truth.state) == (row.reference, row.pk, State.ACTIVE)
    assert (truth.price_reference, truth.next_price_reference) == (shop.month.stripe_id, "")
    assert truth.payment_method == "Visa ending in 4242"
    assert truth.card_expires_on is not None
    assert (truth.card_expires_on + DAY).day == 1
    assert timedelta(days=28) <= truth.current_period_end - truth.current_period_start <= timedelta(days=31)
    assert (truth.trial_started_at, truth.trial_ends_at, truth.ended_at, truth.resumes_at) == (None,) * 4
    (payment,) = truth.payments
    assert (payment.status, payment.currency, payment.total, payment.tax) == (InvoiceStatus.PAID, "USD", MONTH, 0)
    assert (payment.paid, payment.returned) == (MONTH, 0)
    assert (payment.period_start, payment.period_end) == (truth.current_period_start, truth.current_period_end)
    assert payment.paid_at is not None
    assert (payment.is_trial, payment.replaces_former) == (False, False)
    assert payment.number
    assert payment.hosted_url
    assert payment.pdf_url


def test_it_costs_two_questions_and_a_third_once_something_is_paid(shop: Shop) -> None:
    in_trial = shop.subscribe(trial_days=7)
    before = len(shop.asked())
    shop.fetch(in_trial)
    assert shop.asked()[before:] == [f"GET /v1/subscriptions/{in_trial.reference}", "GET /v1/invoices"]
    shop.stripe.advance(days=7, hours=2)
    before = len(shop.asked())
    shop.fetch(in_trial)
    assert len(shop.asked()[before:]) == 3


def test_a_trial_is_followed_by_what_is_paid(shop: Shop) -> None:
    row = shop.subscribe(trial_days=7)
    truth = shop.fetch(row)
    assert truth.state == State.TRIALING
    assert truth.trial_started_at is not None
    assert truth.trial_ends_at == truth.trial_started_at + 7 * DAY == truth.current_period_end
    (trial,) = truth.payments
    assert (trial.is_trial, trial.total, trial.status) == (True, 0, InvoiceStatus.PAID)

    shop.stripe.advance(days=7, hours=2)
    truth = shop.fetch(row)
    assert truth.state == State.ACTIVE
    trial, paid = truth.payments
    assert (trial.is_trial, paid.is_trial, paid.paid) == (True, False, MONTH)
    assert paid.period_start == truth.trial_ends_at


def test_each_month_is_paid_as_it_begins(shop: Shop) -> None:
    row = shop.subscribe()
    end = shop.fetch(row).current_period_end
    shop.stripe.stop_at(end + timedelta(minutes=30))
    _, draft = shop.fetch(row).payments
    assert (draft.status, draft.paid, draft.paid_at, draft.number) == (InvoiceStatus.OPEN, 0, None, "")
    assert draft.period_start == end
    shop.stripe.advance(hours=1)
    first, second = shop.fetch(row).payments
    assert (second.status, second.paid) == (InvoiceStatus.PAID, MONTH)
    assert first.period_end == second.period_start == end
    assert second.period_end == shop.fetch(row).current_period_end


def test_who_cannot_pay_is_tried_again_and_recovers(shop: Shop) -> None:
    row = shop.subscribe(card="fails_later")
    end = shop.fetch(row).current_period_end
    shop.stripe.stop_at(end + timedelta(hours=2))
    truth = shop.fetch(row)
    assert truth.state == State.PAST_DUE
    assert truth.next_attempt_at is not None
    assert truth.next_attempt_at > end
    _, unpaid = truth.payments
    assert (unpaid.status, unpaid.paid) == (InvoiceStatus.OPEN, 0)

    pay(unpaid.hosted_url)
    truth = shop.fetch(row)
    assert (truth.state, truth.next_attempt_at) == (State.ACTIVE, None)
    assert truth.payments[-1].status == InvoiceStatus.PAID


def test_whoever_never_pays_again_is_out_in_the_end(shop: Shop) -> None:
    row = shop.subscribe(card="fails_later")
    shop.stripe.advance(days=90)
    truth = shop.fetch(row)
    assert truth.state == State.ENDED
    assert truth.ended_at is not None
    assert [payment.status == InvoiceStatus.PAID for payment in truth.payments] == [True, False]


def test_refunds_are_told_one_by_one(shop: Shop) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    shop.stripe.control("stripe/refund", invoice=payment.reference, amount=1200)
    shop.stripe.control("stripe/refund", invoice=payment.reference)
    truth = shop.fetch(row)
    (payment,) = truth.payments
    assert truth.state == State.ACTIVE
    assert [(each.kind, each.amount) for each in payment.returns] == [
        (RefundKind.REFUND, MONTH - 1200),
        (RefundKind.REFUND, 1200),
    ]
    assert (payment.status, payment.paid, payment.returned) == (InvoiceStatus.PAID, MONTH, MONTH)


@pytest.mark.parametrize(("outcome", "returned"), [("lost", MONTH), ("won", 0)])
def test_a_dispute_takes_the_money_until_it_is_won(shop: Shop, outcome: str, returned: int) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    dispute = shop.stripe.control("stripe/dispute", invoice=payment.reference)
    (payment,) = shop.fetch(row).payments
    assert [(each.reference, each.kind, each.amount, each.reason) for each in payment.returns] == [
        (dispute["id"], RefundKind.DISPUTE, MONTH, "fraudulent")
    ]
    shop.stripe.control("stripe/close_dispute", dispute=dispute["id"], outcome=outcome)
    (payment,) = shop.fetch(row).payments
    assert payment.returned == returned


def test_of_a_credit_note_only_what_was_not_refunded_is_added(shop: Shop) -> None:
    row = shop.subscribe()
    (payment,) = shop.fetch(row).payments
    notes = client().v1.credit_notes
    notes.create(params={"invoice": payment.reference, "amount": 1000, "refund_amount": 1000})
    notes.create(params={"invoice": payment.reference, "amount": 700, "credit_amount": 700})
    (payment,) = shop.fetch(row).payments
    assert sorted((each.kind.value, each.amount) for each in payment.returns) == [
        ("credit_note", 700),
        ("refund", 1000),
    ]


def test_a_month_for_nothing_is_no_trial(shop: Shop) -> None:
    row = shop.begin()
    coupon = client().v1.coupons.create(params={"percent_off": 100, "duration": "once"}).id
    client().v1.promotion_codes.create(params={"code": "FREE", "promotion": {"type": "coupon", "coupon": coupon}})
    pay(row.checkout_url, promotion_code="FREE", do="apply")
    pay(row.checkout_url, promotion_code="FREE")
    row.reference = shop.gateway.find(row)
    (payment,) = shop.fetch(row).payments
    assert (payment.total, payment.paid, payment.status, payment.is_trial) == (0, 0, InvoiceStatus.PAID, False)
    assert payment.period_end - payment.period_start > 27 * DAY


def test_a_card_that_is_changed_at_stripe_is_the_card(shop: Shop) -> None:
    row = shop.subscribe()
    shop.change_card(row, "expires_soon")
    truth = shop.fetch(row)
    assert truth.payment_method == "Mastercard ending in 4444"


def test_what_stripe_does_not_know_is_not_there(shop: Shop) -> None:
    for reference in ("sub_unknown", "sub?limit=1", "%"):
        with pytest.raises(NotThere):
            shop.gateway.fetch(reference)


def test_what_is_alive_is_listed(shop: Shop) -> None:
    live = [shop.subscribe() for _ in range(3)]
    ended = shop.subscribe()
    shop.gateway.cancel_now(ended)
    shop.begin()
    assert set(shop.gateway.live_references()) == {row.reference for row in live}
