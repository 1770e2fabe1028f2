"""What is done at PayPal to a subscription that there is.

PayPal knows neither an end at the end of a period nor a pause of some months: it suspends, and goes on when it is
told to. Why it was suspended stands in the note, so that its truth says all that we need.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from billing.gateways.base import Preview, Refused, Step
from billing.gateways.paypal.checkout import SUBSCRIPTIONS, context, page_in
from billing.gateways.paypal.client import Thing, call, get, in_our_words, moment, once
from billing.gateways.paypal.notes import AT_ONCE, AT_PERIOD_END, GOES_ON, custom_parts, reason_of, until_note
from billing.gateways.paypal.truth import fetch
from billing.money import decimal_text

if TYPE_CHECKING:
    from billing.models import Price, Subscription

OVER = ("CANCELLED", "EXPIRED")
FINAL = (
    "It was ended at PayPal, where that cannot be taken back. "
    "When the time that is paid is over, you can subscribe again."
)
# It goes on a little before the payment is due, which would else be left out.
HEAD_START = timedelta(hours=1)


@in_our_words()
def preview(subscription: Subscription, price: Price) -> Preview:
    """PayPal charges nothing for a change: the new price is paid when the next payment is due."""
    info = get(f"{SUBSCRIPTIONS}/{subscription.reference}").get("billing_info", {})
    due = info.get("next_billing_time")
    return Preview(
        due_now=0,
        currency=price.currency,
        at=timezone.now().replace(microsecond=0),
        next_payment_at=moment(due) if due else fetch(subscription.reference).current_period_end,
        next_payment=price.amount,
        at_once=False,
    )


@in_our_words()
def change_price(
    subscription: Subscription, price: Price, *, return_url: str, cancel_url: str, agreed: Preview | None
) -> Step:
    """Until the member consents on PayPal's page, all stays as it is."""
    body = {"plan_id": price.paypal_id, "application_context": context(return_url, cancel_url)}
    return Step(consent_url=page_in(act(subscription, "revise", body)))


def cancel_at_period_end(subscription: Subscription) -> None:
    suspend(subscription, AT_PERIOD_END)


def resume(subscription: Subscription) -> None:
    """Take back the end at the period's end. Raises Refused if it was ended at PayPal for good."""
    go_on(subscription)


def pause(subscription: Subscription, *, until: datetime) -> None:
    """Ask for nothing from the end of the period until then. Somebody has to `unpause` it: PayPal never does."""
    suspend(subscription, until_note(until - HEAD_START))


def unpause(subscription: Subscription) -> None:
    """The next payment is that which is due next by the calendar; what was left out is not asked for."""
    go_on(subscription)


@in_our_words()
def suspend(subscription: Subscription, note: str) -> None:
    """One that is suspended for another reason stays so: were it to go on for a moment, it might go on for good."""
    known = read(subscription)
    if known["status"] != "SUSPENDED":
        write_later_reason(known, "")
        act(subscription, "suspend", {"reason": note})
    elif reason_of(known) != note:
        write_later_reason(known, note)


@in_our_words()
def go_on(subscription: Subscription) -> None:
    """One that is active already is no error."""
    known = read(subscription)
    if known["status"] != "ACTIVE":
        act(subscription, "activate", {"reason": GOES_ON})
    write_later_reason(known, "")


def write_later_reason(known: Thing, reason: str) -> None:
    """Of one that is suspended; empty to take it away. One that has it already stays as it is."""
    key, written = custom_parts(known)
    if reason != written:
        value = f"{key} {reason}" if reason else key
        change = {"op": "replace", "path": "/custom_id", "value": value}
        call("PATCH", f"{SUBSCRIPTIONS}/{known['id']}", json=[change])


def read(subscription: Subscription) -> Thing:
    """Raises Refused if it is over for good."""
    known = get(f"{SUBSCRIPTIONS}/{subscription.reference}")
    if known["status"] in OVER:
        raise Refused("over", FINAL)
    return known


@in_our_words()
def cancel_now(subscription: Subscription) -> None:
    """End it at once, without giving money back. One that has ended already is no error."""
    try:
        act(subscription, "cancel", {"reason": AT_ONCE})
    except Refused:
        if get(f"{SUBSCRIPTIONS}/{subscription.reference}")["status"] not in OVER:
            raise


def act(subscription: Subscription, verb: str, body: Thing) -> Thing:
    done: Thing = call("POST", f"{SUBSCRIPTIONS}/{subscription.reference}/{verb}", json=body)
    return done


@in_our_words()
def refund(invoice_reference: str, *, amount: int, currency: str, key: str) -> None:
    """Give money back; the same `key` never does it twice. Raises Refused if not so much was paid."""
    body = {"amount": {"total": decimal_text(amount, currency), "currency": currency}}
    call("POST", f"/v1/payments/sale/{invoice_reference}/refund", json=body, key=once("refund", invoice_reference, key))
