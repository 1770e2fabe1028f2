"""What Stripe knows of a subscription, in our words."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime

from billing.gateways.base import Truth
from billing.gateways.stripe.client import Thing, in_our_words, moment, moment_or_none, pages, read
from billing.gateways.stripe.invoices import charges_for, invoices_of, payments_of
from billing.models import LIVE, State

STATES = {
    "incomplete": State.INCOMPLETE,
    "incomplete_expired": State.ENDED,
    "trialing": State.TRIALING,
    "active": State.ACTIVE,
    "past_due": State.PAST_DUE,
    "unpaid": State.PAST_DUE,
    "paused": State.PAUSED,
    "canceled": State.ENDED,
}
BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "unknown": "Card",
}


@in_our_words()
def fetch(reference: str) -> Truth:
    """Two questions; a third once something is paid, since only charges tell what went back. Raises NotThere."""
    subscription = subscription_at(reference)
    invoices = invoices_of(reference)
    return truth_of(subscription, invoices, charges_for(invoices))


def subscription_at(reference: str) -> Thing:
    """With the card that is charged, and what is planned for later. Raises NotThere."""
    return read(
        "subscriptions",
        reference,
        expand=["default_payment_method", "customer.invoice_settings.default_payment_method", "schedule"],
    )


def live_references() -> Iterator[str]:
    """All subscriptions that it holds to be alive."""
    with in_our_words():
        for subscription in pages("subscriptions"):
            if state_of(subscription) in LIVE:
                yield subscription["id"]


def truth_of(subscription: Thing, invoices: list[Thing], charges: list[Thing]) -> Truth:
    item = item_of(subscription)
    state = state_of(subscription)
    method = payment_method_of(subscription)
    return Truth(
        reference=subscription["id"],
        own_key=own_key_of(subscription),
        state=state,
        price_reference=item["price"]["id"],
        next_price_reference=next_price_of(subscription, item["price"]["id"]),
        started_at=moment(subscription["start_date"]),
        current_period_start=moment(item["current_period_start"]),
        current_period_end=moment(item["current_period_end"]),
        trial_started_at=moment_or_none(subscription["trial_start"]),
        trial_ends_at=moment_or_none(subscription["trial_end"]),
        next_attempt_at=next_attempt_in(invoices) if state == State.PAST_DUE else None,
        resumes_at=moment_or_none((subscription["pause_collection"] or {}).get("resumes_at")),
        ended_at=moment_or_none(subscription["ended_at"]),
        payment_method=in_words(method),
        card_expires_on=last_day_of(method["card"]) if method.get("card") else None,
        payments=payments_of(invoices, charges),
    )


def item_of(subscription: Thing) -> Thing:
    """Ours have one. It has the price, and the period."""
    item: Thing = subscription["items"]["data"][0]
    return item


def state_of(subscription: Thing) -> State:
    state = STATES[subscription["status"]]
    if state not in (State.TRIALING, State.ACTIVE, State.PAST_DUE):
        return state
    ends = subscription["cancel_at_period_end"] or subscription["cancel_at"]
    if ends and state != State.PAST_DUE:
        return State.CANCELLED
    return State.PAUSED if subscription["pause_collection"] else state


def own_key_of(subscription: Thing) -> int | None:
    key = subscription["metadata"].get("subscription", "")
    return int(key) if key.isdecimal() and key.isascii() else None


def next_price_of(subscription: Thing, price: str) -> str:
    """What staff have planned at Stripe for after this phase; empty if that is the same, or nothing."""
    schedule = subscription["schedule"]
    if not schedule or not schedule["current_phase"]:
        return ""
    later = [phase for phase in schedule["phases"] if phase["start_date"] >= schedule["current_phase"]["end_date"]]
    following = later[0]["items"][0]["price"] if later else price
    return "" if following == price else str(following)


def next_attempt_in(invoices: list[Thing]) -> datetime | None:
    attempts = [invoice["next_payment_attempt"] for invoice in invoices if invoice["status"] == "open"]
    return moment_or_none(min((attempt for attempt in attempts if attempt), default=None))


def payment_method_of(subscription: Thing) -> Thing:
    """The subscription's own, or else the customer's; empty if there is neither."""
    own: Thing | None = subscription["default_payment_method"]
    settings = subscription["customer"].get("invoice_settings") or {}
    return own or settings.get("default_payment_method") or {}


def in_words(method: Thing) -> str:
    """Such as "Visa ending in 4242", "SEPA debit ending in 3000", "Link"."""
    if not method:
        return ""
    kind = method["type"]
    details = method[kind]
    name = BRANDS.get(details["brand"], details["brand"].title()) if kind == "card" else named(kind)
    last4 = details.get("last4")
    return f"{name} ending in {last4}" if last4 else name


def named(kind: str) -> str:
    return kind.replace("_", " ").capitalize().replace("Sepa", "SEPA").replace("Us bank", "US bank")


def last_day_of(card: Thing) -> date:
    year, month = card["exp_year"], card["exp_month"]
    return date(year, month, calendar.monthrange(year, month)[1])
