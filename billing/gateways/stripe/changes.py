"""What is done at Stripe to a subscription that there is."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from billing.gateways.base import NotThere, Preview, Refused, Step
from billing.gateways.stripe.client import (
    Thing,
    answer_of,
    client,
    every,
    in_our_words,
    moment,
    moment_or_none,
    once,
    read,
    stamp,
)
from billing.gateways.stripe.invoices import invoices_of, period_of
from billing.gateways.stripe.truth import fetch, item_of
from billing.models import InvoiceStatus, State

if TYPE_CHECKING:
    from stripe import RequestOptions
    from stripe.params import SubscriptionUpdateParams

    from billing.models import Price, Subscription

# Stripe makes the invoice of a period as that begins; whoever resumes at that very moment may be too late for it.
HEAD_START = timedelta(hours=1)
UNPAID = "The present period is not paid yet, or was given back. Change the plan once it is paid."


@in_our_words()
def preview(subscription: Subscription, price: Price) -> Preview:
    """At once, each of them: what is left of the old price is taken off, and kept as credit if it is more."""
    current = read("subscriptions", subscription.reference)
    if is_in_trial(current):
        # Nothing is billed for the change, and the trial goes on.
        return preview_of(0, price, at=timezone.now(), next_payment_at=moment(current["trial_end"]))
    require_paid(subscription)
    invoice = answer_of(
        client().v1.invoices.create_preview(
            params={
                "subscription": subscription.reference,
                "subscription_details": {
                    "items": [{"id": item_of(current)["id"], "price": price.stripe_id}],
                    "proration_behavior": "always_invoice",
                },
            }
        )
    )
    reckoned_at = invoice["parent"]["subscription_details"]["subscription_proration_date"]
    period = period_of(invoice["lines"]["data"]) or {"end": item_of(current)["current_period_end"]}
    return preview_of(
        # What is due is never below nothing; what is put to their credit is.
        min(invoice["total"], invoice["amount_due"]),
        price,
        # Stripe's clock, not ours: it goes back there.
        at=moment_or_none(reckoned_at) or timezone.now(),
        next_payment_at=moment(period["end"]),
    )


def preview_of(due_now: int, price: Price, *, at: datetime, next_payment_at: datetime) -> Preview:
    return Preview(
        due_now=due_now,
        currency=price.currency,
        at=at,
        next_payment_at=next_payment_at,
        next_payment=price.amount,
        at_once=True,
    )


@in_our_words()
def change_price(
    subscription: Subscription, price: Price, *, return_url: str, cancel_url: str, agreed: Preview | None
) -> Step:
    """At once. As long as it is not paid the old price stays; on the page of the invoice it can be, with any card."""
    current = read("subscriptions", subscription.reference)
    if not is_in_trial(current):
        require_paid(subscription)
    params: SubscriptionUpdateParams = {
        "items": [{"id": item_of(current)["id"], "price": price.stripe_id}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
        "expand": ["latest_invoice"],
    }
    options: RequestOptions = {}
    if agreed:
        options["idempotency_key"] = once("change", subscription.reference, price.stripe_id, agreed.at)
        if not is_in_trial(current):
            params["proration_date"] = stamp(agreed.at)
    changed = answer_of(client().v1.subscriptions.update(subscription.reference, params=params, options=options))
    return Step(consent_url=changed["latest_invoice"]["hosted_invoice_url"] if changed["pending_update"] else "")


def is_in_trial(subscription: Thing) -> bool:
    return bool(subscription["status"] == "trialing")


def require_paid(subscription: Subscription) -> None:
    """Raises Refused: a change puts what is left of the period to their credit, which must have been paid."""
    if not is_paid_for(subscription.reference):
        raise Refused("unpaid_period", UNPAID)


def cancel_at_period_end(subscription: Subscription) -> None:
    """If the present period is not paid, nothing is kept: it ends now, and its invoice is no longer asked for."""
    if is_paid_for(subscription.reference):
        update(subscription, {"cancel_at_period_end": True})
        return
    # In this order: from now on Stripe collects nothing by itself, whatever becomes of the rest.
    cancel_now(subscription)
    for invoice in invoices_of(subscription.reference):
        # What somebody pays at this very moment stays paid, and opens what it pays for.
        with suppress(Refused):
            void(invoice)


@in_our_words()
def void(invoice: Thing) -> None:
    """Take back what is asked for; nothing if nothing is."""
    if invoice["status"] == "draft":
        # A subscription's can neither be deleted nor voided as it is.
        finalised = client().v1.invoices.finalize_invoice(invoice["id"], params={"auto_advance": False})
        invoice = answer_of(finalised)
    if invoice["status"] == "open":
        client().v1.invoices.void_invoice(invoice["id"])


def resume(subscription: Subscription) -> None:
    """Take back the end at the period's end, or on a day that staff have set at Stripe."""
    go_on(subscription, {})


def pause(subscription: Subscription, *, until: datetime) -> None:
    """Ask for nothing from the end of the period until then; an end that was planned is taken back."""
    go_on(subscription, {"pause_collection": {"behavior": "void", "resumes_at": stamp(until - HEAD_START)}})


def go_on(subscription: Subscription, params: SubscriptionUpdateParams) -> None:
    """Do this, and take back any end. A day that staff have set goes last: until then nothing more is charged."""
    if update(subscription, {**params, "cancel_at_period_end": False})["cancel_at"]:
        update(subscription, {"cancel_at": ""})


@in_our_words()
def unpause(subscription: Subscription) -> None:
    """If the present period is not paid, a new one begins now, and is charged.

    One that is not paused stays as it is.
    """
    current = read("subscriptions", subscription.reference)
    if not current["pause_collection"]:
        return
    params: SubscriptionUpdateParams = {"pause_collection": ""}
    options: RequestOptions = {}
    if not is_paid_for(subscription.reference):
        params["billing_cycle_anchor"] = "now"
        params["proration_behavior"] = "none"
        # The period changes with it. Without a new one the same may be done again, after another pause.
        period = item_of(current)["current_period_start"]
        options["idempotency_key"] = once("unpause", subscription.reference, period)
    update(subscription, params, options)


def is_paid_for(reference: str) -> bool:
    """Whether what is paid and was not given back, or the trial, reaches to the end of the present period."""
    truth = fetch(reference)
    end = truth.current_period_end
    return truth.trial_ends_at == end or any(
        payment.status == InvoiceStatus.PAID and payment.period_end >= end and payment.wholly_returned_at is None
        for payment in truth.payments
    )


@in_our_words()
def update(
    subscription: Subscription, params: SubscriptionUpdateParams, options: RequestOptions | None = None
) -> Thing:
    return answer_of(client().v1.subscriptions.update(subscription.reference, params=params, options=options))


@in_our_words()
def cancel_now(subscription: Subscription) -> None:
    """End it at once, without giving money back. One that has ended already is no error."""
    try:
        with in_our_words():
            client().v1.subscriptions.cancel(subscription.reference, params={"prorate": False, "invoice_now": False})
    except (NotThere, Refused):
        if fetch(subscription.reference).state != State.ENDED:
            raise


@in_our_words()
def refund(invoice_reference: str, *, amount: int, currency: str, key: str) -> None:
    """Give money back; the same `key` never does it twice. Raises Refused if not so much was paid."""
    invoice = read("invoices", invoice_reference, expand=["payments"])
    paid = [each for each in every(invoice["payments"], "invoice_payments", invoice=invoice_reference) if is_paid(each)]
    if invoice["currency"] != currency.lower() or sum(each["amount_paid"] for each in paid) < amount:
        raise Refused("more_than_was_paid", "")
    for each in paid:
        part = min(amount, each["amount_paid"])
        if part:
            give_back(each["payment"], part, once("refund", key, each["id"]))
        amount -= part


def is_paid(payment: Thing) -> bool:
    return payment["status"] == "paid" and payment["payment"]["type"] in ("payment_intent", "charge")


def give_back(paid_by: Thing, amount: int, key: str) -> None:
    if paid_by["type"] == "charge":
        client().v1.refunds.create(
            params={"charge": paid_by["charge"], "amount": amount}, options={"idempotency_key": key}
        )
    else:
        client().v1.refunds.create(
            params={"payment_intent": paid_by["payment_intent"], "amount": amount}, options={"idempotency_key": key}
        )
