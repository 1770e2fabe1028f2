"""The money for an invoice is asked for: what comes of it for the invoice, its subscription and its customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from counterparts.stripe.cards import approve, attach, needs_approval, refusal
from counterparts.stripe.charges import error_code, message, new_charge, page_of
from counterparts.stripe.ending import end_now
from counterparts.stripe.errors import Refused
from counterparts.stripe.events import tell, updating
from counterparts.stripe.intents import intent_of
from counterparts.stripe.invoicing import mark_paid, subscription_of
from counterparts.stripe.pending import apply_pending_update
from counterparts.stripe.store import find, get, now, things
from counterparts.world import Thing, world

Outcome = Literal["paid", "declined", "requires_action"]
DAY = 24 * 3600
# Days from one attempt to the next; after the last the subscription ends.
RETRIES = (3, 5, 7)


def collect(
    invoice: Thing, *, method: Thing | None = None, holder_is_there: bool = False, may_retry: bool = True
) -> Outcome:
    """Take the money for an open invoice, from the card of its subscription if no other is named."""
    subscription = subscription_of(invoice)
    if invoice["amount_due"] == 0:
        settle(invoice, subscription)
        return "paid"
    method = method or method_for(subscription)
    with updating(invoice, "invoice.updated"):
        invoice["attempted"] = True
        invoice["attempt_count"] += 1
    intent = intent_of(invoice)
    failure = failure_of(method, holder_is_there=holder_is_there)
    if method is None or failure:
        fail(invoice, subscription, intent, method, failure, may_retry=may_retry)
        return "requires_action" if failure == "authentication_required" else "declined"
    if holder_is_there:
        approve(method)
    succeed(intent, method)
    settle(invoice, subscription)
    return "paid"


def failure_of(method: Thing | None, *, holder_is_there: bool) -> str:
    if method is None:
        return "missing"
    if needs_approval(method) and not holder_is_there:
        return "authentication_required"
    return refusal(method, holder_is_there=holder_is_there)


def method_for(subscription: Thing) -> Thing | None:
    customer = things("customer")[subscription["customer"]]
    chosen = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    return things("payment_method").get(chosen or "")


def succeed(intent: Thing, method: Thing) -> None:
    charge = new_charge(intent, method, "")
    intent.update(
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
        payment_method=method["id"],
        status="succeeded",
    )
    for payment in things("invoice_payment").values():
        if payment["payment"]["payment_intent"] == intent["id"]:
            payment.update(amount_paid=intent["amount"], status="paid")
            payment["status_transitions"]["paid_at"] = now()
            tell("charge.succeeded", charge)
            tell("payment_intent.succeeded", intent)
            tell("invoice_payment.paid", payment)


def settle(invoice: Thing, subscription: Thing) -> None:
    """What has no more to be paid: the subscription is well again."""
    mark_paid(invoice)
    apply_pending_update(subscription, invoice)
    if subscription["latest_invoice"] == invoice["id"] and subscription["status"] in ("incomplete", "past_due"):
        with updating(subscription, "customer.subscription.updated"):
            subscription["status"] = "active"
    customer = things("customer")[invoice["customer"]]
    if not find("subscription", customer=customer["id"], status="past_due"):
        with updating(customer, "customer.updated"):
            customer["delinquent"] = False


def fail(
    invoice: Thing, subscription: Thing, intent: Thing, method: Thing | None, failure: str, *, may_retry: bool
) -> None:
    note_failure(intent, method, failure)
    if may_retry and not is_start(subscription) and not subscription["pending_update"]:
        with updating(invoice, "invoice.updated"):
            plan_retry(invoice)
    tell("invoice.payment_failed", invoice)
    if failure == "authentication_required":
        tell("invoice.payment_action_required", invoice)
    if is_start(subscription) or subscription["pending_update"] or subscription["ended_at"]:
        return
    customer = things("customer")[invoice["customer"]]
    with updating(customer, "customer.updated"):
        customer["delinquent"] = True
    with updating(subscription, "customer.subscription.updated"):
        subscription["status"] = "past_due"
    if may_retry and invoice["next_payment_attempt"] is None:
        end_now(subscription, reason="payment_failed")


def is_start(subscription: Thing) -> bool:
    return bool(subscription["status"] == "incomplete")


def note_failure(intent: Thing, method: Thing | None, failure: str) -> None:
    """The intent says why; a charge is there only if the bank was asked."""
    if failure == "authentication_required" and method:
        intent.update(
            next_action={
                "redirect_to_url": {
                    "return_url": None,
                    "url": page_of(intent),
                },
                "type": "redirect_to_url",
            },
            payment_method=method["id"],
            status="requires_action",
        )
        tell("payment_intent.requires_action", intent)
        return
    charge = new_charge(intent, method, failure) if method else None
    intent.update(
        last_payment_error=payment_error(failure, method, charge),
        latest_charge=charge and charge["id"],
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    if charge:
        tell("charge.failed", charge)
    tell("payment_intent.payment_failed", intent)


def payment_error(failure: str, method: Thing | None, charge: Thing | None) -> Thing:
    if method is None:
        return {
            "code": "payment_intent_payment_attempt_failed",
            "message": "There is no payment method to charge.",
            "type": "invalid_request_error",
        }
    error: dict[str, Any] = {
        "code": error_code(failure),
        "decline_code": failure,
        "message": message(failure),
        "payment_method": method,
        "type": "card_error",
    }
    return error | ({"charge": charge["id"]} if charge else {})


def plan_retry(invoice: Thing) -> None:
    """Three, five and seven days after each other; then no more."""
    tried = things("retries").setdefault(invoice["id"], {"count": 0})
    number = tried["count"]
    tried["count"] += 1
    invoice["next_payment_attempt"] = now() + RETRIES[number] * DAY if number < len(RETRIES) else None
    if invoice["next_payment_attempt"]:
        world.agenda.add(datetime.fromtimestamp(invoice["next_payment_attempt"], UTC), "stripe.retry", invoice["id"])


@world.agenda.act("stripe.retry")
def retry(invoice_id: str) -> None:
    invoice = get("invoice", invoice_id)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] == now():
        invoice["next_payment_attempt"] = None
        collect(invoice)


def declined(failure: str, intent: Thing | None = None) -> Refused:
    """What an API call answers that wanted the money at once."""
    if failure == "authentication_required":
        return Refused(
            402,
            "Payment for this subscription requires additional user action before it can be completed successfully.",
            kind="card_error",
            code="subscription_payment_intent_requires_action",
            payment_intent=intent,
        )
    return Refused(
        402, message(failure), kind="card_error", code=error_code(failure), decline_code=failure, payment_intent=intent
    )


def use_card(customer: Thing, method: Thing, *, is_approved: bool) -> None:
    """A card its holder gave: theirs, and the one for everything from here on."""
    attach(method, customer)
    if is_approved:
        approve(method)
    with updating(customer, "customer.updated"):
        customer["invoice_settings"]["default_payment_method"] = method["id"]
    for subscription in find("subscription", customer=customer["id"]):
        if subscription["ended_at"] is None and subscription["default_payment_method"] not in (None, method["id"]):
            with updating(subscription, "customer.subscription.updated"):
                subscription["default_payment_method"] = method["id"]
