"""Money that goes back at the stand-in for Stripe: refunds, credit notes, disputes."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.counterparts.shop import Shop


def charge_of(shop: Shop, subscription: Any) -> Any:
    return shop.stripe.v1.charges.list({"customer": str(subscription.customer)}).data[0]


def test_a_part_and_then_the_rest(shop: Shop) -> None:
    charge = charge_of(shop, shop.subscribe())
    refund = shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 2000, "metadata": {"why": "kindness"}})
    assert (refund.amount, refund.status) == (2000, "succeeded")
    charge = shop.stripe.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (2000, False)
    assert charge.refunds is not None
    assert [one.id for one in charge.refunds.data] == [refund.id]
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 3001})
    shop.stripe.v1.refunds.create({"payment_intent": str(charge.payment_intent)})
    assert shop.stripe.v1.charges.retrieve(charge.id).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.stripe.v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"
    told = shop.counterparts.events(kind="charge.refunded")
    assert [event["data"]["object"]["amount_refunded"] for event in told] == [2000, 5000]


def test_staff_give_it_back_in_the_dashboard(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.control("stripe/refund", invoice=subscription.latest_invoice, amount=500)
    assert charge_of(shop, subscription).amount_refunded == 500
    event = shop.counterparts.events(kind="charge.refunded")[0]
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_a_credit_note_gives_back_to_the_card_and_to_the_balance(shop: Shop) -> None:
    subscription = shop.subscribe()
    note = shop.stripe.v1.credit_notes.create(
        {
            "invoice": str(subscription.latest_invoice),
            "amount": 1500,
            "refund_amount": 1000,
            "credit_amount": 500,
            "reason": "order_change",
        }
    )
    assert (note.amount, note.status, note.refunds[0].amount_refunded) == (1500, "issued", 1000)
    assert charge_of(shop, subscription).amount_refunded == 1000
    assert shop.stripe.v1.customers.retrieve(str(subscription.customer)).balance == -500
    invoice = shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert invoice.post_payment_credit_notes_amount == 1500
    listed = shop.stripe.v1.credit_notes.list({"invoice": invoice.id}).data
    assert [one.id for one in listed] == [note.id]
    shop.counterparts.advance(days=29)
    assert shop.stripe.v1.invoices.list().data[0].amount_paid == 4500
    with pytest.raises(stripe.InvalidRequestError, match="must equal"):
        shop.stripe.v1.credit_notes.create({"invoice": invoice.id, "amount": 100})


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_opened_and_decided(shop: Shop, outcome: str) -> None:
    subscription = shop.subscribe()
    opened = shop.counterparts.control("stripe/dispute", invoice=subscription.latest_invoice)
    (dispute,) = shop.stripe.v1.disputes.list({"charge": opened["charge"]}).data
    assert (dispute.status, dispute.amount) == ("needs_response", 5000)
    charge = shop.stripe.v1.charges.retrieve(opened["charge"])
    assert charge.disputed
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        shop.stripe.v1.refunds.create({"charge": charge.id})
    shop.counterparts.control("stripe/close_dispute", dispute=dispute.id, outcome=outcome)
    assert shop.stripe.v1.disputes.retrieve(dispute.id).status == outcome
    kinds = [kind for kind in shop.kinds() if kind.startswith("charge.dispute")]
    reinstated = ["charge.dispute.funds_reinstated"] if outcome == "won" else []
    assert kinds == ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed", *reinstated]


def test_staff_end_a_subscription_in_the_dashboard(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.counterparts.control("stripe/cancel", subscription=subscription.id, when="period_end")
    assert shop.subscription(subscription.id).cancel_at_period_end
    shop.counterparts.control("stripe/cancel", subscription=subscription.id)
    assert shop.subscription(subscription.id).status == "canceled"
