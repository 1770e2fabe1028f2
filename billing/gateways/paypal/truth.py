"""What PayPal knows of a subscription, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from billing.gateways.base import NotThere, Payment, Truth
from billing.gateways.paypal.checkout import SUBSCRIPTIONS
from billing.gateways.paypal.client import Thing, get, in_our_words, moment, moment_or_none
from billing.gateways.paypal.news import REMEMBERED, news_since
from billing.gateways.paypal.notes import AT_ONCE, AT_PERIOD_END, custom_parts, paused_until, reason_of
from billing.gateways.paypal.payments import (
    months_of,
    owes,
    payments_of,
    price_of,
    prices_of,
    transactions_of,
)
from billing.models import LIVE, Price, State
from billing.months import months_later

# A start that was asked for lies at least so long after the asking: what differs by less is how long it took.
SOONEST_TRIAL = timedelta(hours=12)


@in_our_words()
def fetch(reference: str) -> Truth:
    """Two questions; more once something was paid back.

    Raises NotThere; ProviderAway as long as PayPal does not list its last payment yet.
    """
    subscription = get(f"{SUBSCRIPTIONS}/{reference}", fields="last_failed_payment")
    if "billing_info" not in subscription:
        return truth_of(subscription, (), [], None)
    prices = prices_of(subscription["plan_id"])
    transactions = transactions_of(subscription)
    paid_price = price_of(transactions[-1], prices) if transactions else None
    return truth_of(subscription, payments_of(subscription, transactions, prices), prices, paid_price)


def live_references() -> Iterator[str]:
    """Those of which it told within the last month, and that are alive: PayPal has no list of all."""
    told = {news.subject for news in news_since(timezone.now() - REMEMBERED)} - {""}
    for reference in sorted(told):
        try:
            if fetch(reference).state in LIVE:
                yield reference
        except NotThere:
            continue


def truth_of(
    subscription: Thing, payments: tuple[Payment, ...], prices: list[Price], paid_price: Price | None
) -> Truth:
    start, end = current_period(subscription, payments, months_of(prices[0] if prices else None))
    state = state_of(subscription, payments, end)
    begins, trial_ends = moment(subscription["create_time"]), trial_end_of(subscription)
    paid_reference = paid_price.paypal_id if paid_price else subscription["plan_id"]
    failed = subscription.get("billing_info", {}).get("last_failed_payment", {})
    return Truth(
        reference=subscription["id"],
        own_key=own_key_of(subscription),
        state=state,
        price_reference=paid_reference,
        next_price_reference="" if paid_reference == subscription["plan_id"] else subscription["plan_id"],
        started_at=begins,
        current_period_start=start,
        current_period_end=end,
        trial_started_at=begins if trial_ends else None,
        trial_ends_at=trial_ends,
        next_attempt_at=moment_or_none(failed.get("next_payment_retry_time")) if state == State.PAST_DUE else None,
        resumes_at=paused_until(reason_of(subscription)) if state == State.PAUSED else None,
        ended_at=end_of(subscription, end) if state == State.ENDED else None,
        payment_method="",
        card_expires_on=None,
        payments=payments,
    )


def own_key_of(subscription: Thing) -> int | None:
    key, _ = custom_parts(subscription)
    return int(key) if key.isdecimal() and key.isascii() else None


def state_of(subscription: Thing, payments: tuple[Payment, ...], paid_until: datetime) -> State:
    status, note = subscription["status"], reason_of(subscription)
    if status in ("APPROVAL_PENDING", "APPROVED"):
        return State.INCOMPLETE
    if status == "ACTIVE":
        return active_state_of(subscription, payments)
    info = subscription.get("billing_info")
    if status == "EXPIRED" or note == AT_ONCE or info is None or owes(info):
        # Also one for which PayPal has given up to be paid: it asks for nothing any more.
        return State.ENDED
    if status == "SUSPENDED" and note != AT_PERIOD_END:
        return State.PAUSED
    return State.CANCELLED if paid_until > timezone.now() else State.ENDED


def active_state_of(subscription: Thing, payments: tuple[Payment, ...]) -> State:
    if owes(subscription["billing_info"]):
        return State.PAST_DUE
    if not payments and trial_end_of(subscription):
        return State.TRIALING
    return State.ACTIVE


def end_of(subscription: Thing, paid_until: datetime) -> datetime:
    """When one that is over ended: with the time that was paid, unless it was ended at once, or nobody paid."""
    changed_at, info = moment(subscription["status_update_time"]), subscription.get("billing_info")
    if reason_of(subscription) == AT_ONCE:
        return min(changed_at, paid_until)
    if subscription["status"] == "EXPIRED" or info is None or owes(info):
        return changed_at
    return max(changed_at, paid_until)


def trial_end_of(subscription: Thing) -> datetime | None:
    """When a payment is first due, if that was put off (see checkout.start); None for those without a trial."""
    start = moment(subscription["start_time"])
    return start if start - moment(subscription["create_time"]) >= SOONEST_TRIAL else None


def current_period(subscription: Thing, payments: tuple[Payment, ...], months: int) -> tuple[datetime, datetime]:
    """The one that is paid; while it owes something, that for which it owes; before the first payment, the trial."""
    info = subscription.get("billing_info", {})
    start = moment(subscription["start_time"])
    due = moment_or_none(info.get("next_billing_time"))
    if not payments and trial_end_of(subscription) and not (info and owes(info)):
        return moment(subscription["create_time"]), start
    if payments and not owes(info):
        last = payments[-1]
        # After a pause there is time that nobody has paid for.
        return last.period_start, max(last.period_end, due or last.period_end)
    start = payments[-1].period_end if payments else start
    return start, due if due and due > start else months_later(start, months)
