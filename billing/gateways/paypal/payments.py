"""What was paid for a subscription, and what went back."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from billing.gateways.base import Payment, ProviderAway, Return
from billing.gateways.paypal.checkout import SUBSCRIPTIONS, pages_base
from billing.gateways.paypal.client import Thing, get, moment, moment_or_none, stamp, units
from billing.gateways.paypal.news import REMEMBERED, events
from billing.gateways.paypal.periods import Paid, periods
from billing.models import Interval, InvoiceStatus, Price, Provider, Refund, RefundKind
from billing.money import amount_from

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

# Of these there is money with us, or was. The others are attempts, and what has not arrived yet.
PAID = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
GIVEN_BACK = ("PARTIALLY_REFUNDED", "REFUNDED")
# By so much the time of a payment may differ between the subscription and the list.
SLACK = timedelta(minutes=1)
REFUNDED, REVERSED = "PAYMENT.SALE.REFUNDED", "PAYMENT.SALE.REVERSED"
KINDS = {REFUNDED: RefundKind.REFUND, REVERSED: RefundKind.DISPUTE}
DAY = timedelta(days=1)


def transactions_of(subscription: Thing) -> list[Thing]:
    """Those that were paid, oldest first. Raises ProviderAway if the list lags behind what the subscription says."""
    # Its clock, or a payment of just now, may be a little ahead of us.
    until = max(timezone.now(), *times_in(subscription)) + DAY
    window = {"start_time": stamp(moment(subscription["create_time"]) - DAY), "end_time": stamp(until)}
    found = get(f"{SUBSCRIPTIONS}/{subscription['id']}/transactions", **window).get("transactions", [])
    require_last_payment(subscription, found)
    return sorted((each for each in found if each["status"] in PAID), key=lambda each: moment(each["time"]))


def times_in(subscription: Thing) -> Iterator[datetime]:
    """When something last happened, as it says."""
    yield moment(subscription["update_time"])
    if paid_at := last_paid_at(subscription):
        yield paid_at


def last_paid_at(subscription: Thing) -> datetime | None:
    payment = subscription.get("billing_info", {}).get("last_payment") or {}
    return moment_or_none(payment.get("time"))


def require_last_payment(subscription: Thing, listed: list[Thing]) -> None:
    """Raises ProviderAway: to take it for unpaid would end, or never give back, what is paid."""
    paid_at = last_paid_at(subscription)
    # One that is still on its way is listed; one that failed is no payment.
    times = [moment(each["time"]) for each in listed if each["status"] != "DECLINED"]
    if paid_at and not any(at >= paid_at - SLACK for at in times):
        raise ProviderAway("PayPal does not list the last payment yet")


def payments_of(subscription: Thing, transactions: list[Thing], prices: list[Price]) -> tuple[Payment, ...]:
    """`prices` are those that this plan has or had at PayPal; see `prices_of`."""
    paid = [Paid(moment(each["time"]), months_paid(each, prices)) for each in transactions]
    made = [
        payment_of(each, period)
        for each, period in zip(transactions, periods(moment(subscription["start_time"]), paid), strict=True)
    ]
    if made:
        made[-1] = until_next_billing(made[-1], subscription)
    if any(each["status"] in GIVEN_BACK for each in transactions):
        returns = returns_of(transactions)
        made = [replace(each, returns=returns.get(each.reference, ())) for each in made]
    return tuple(made)


def payment_of(transaction: Thing, period: tuple[datetime, datetime]) -> Payment:
    amounts = transaction["amount_with_breakdown"]
    gross, at = amounts["gross_amount"], moment(transaction["time"])
    return Payment(
        reference=transaction["id"],
        number=transaction["id"],
        status=InvoiceStatus.PAID,
        currency=gross["currency_code"],
        total=units(gross),
        tax=units(amounts["tax_amount"]) if "tax_amount" in amounts else 0,
        paid=units(gross),
        period_start=period[0],
        period_end=period[1],
        issued_at=at,
        paid_at=at,
        hosted_url=f"{pages_base()}/activity/payment/{transaction['id']}",
    )


def until_next_billing(last: Payment, subscription: Thing) -> Payment:
    """What was paid last is paid until the next payment is due, as long as nothing is owed."""
    info = subscription["billing_info"]
    due = info.get("next_billing_time")
    if subscription["status"] != "ACTIVE" or not due or owes(info):
        return last
    # After a pause the next payment may be far off, and nobody has paid for the time until then.
    is_near = last.period_start < moment(due) <= last.period_end + DAY
    return replace(last, period_end=moment(due)) if is_near else last


def owes(info: Thing) -> bool:
    return bool(info["failed_payments_count"]) or units(info["outstanding_balance"]) > 0


def prices_of(plan_reference: str) -> list[Price]:
    """What this and its sister plans cost: the price of this plan first, then the others, newest first."""
    own = Price.objects.known_as(Provider.PAYPAL, plan_reference).first()
    if own is None:
        return []
    others = Price.objects.filter(plan=own.plan_id).exclude(paypal_id="").exclude(pk=own.pk).order_by("-pk")
    return [own, *others]


def price_of(transaction: Thing, prices: list[Price]) -> Price | None:
    """The price that was paid. PayPal names only the present plan, so that it is known by its amount.

    An amount that is no price counts as the present one if it is more, as with what was outstanding, or else as none.
    """
    gross = transaction["amount_with_breakdown"]["gross_amount"]
    amount, currency = units(gross), gross["currency_code"]
    for price in prices:
        if (price.amount, price.currency) == (amount, currency):
            return price
    return next((price for price in prices[:1] if price.currency == currency and price.amount < amount), None)


def months_paid(transaction: Thing, prices: list[Price]) -> int:
    """None if it is too little. A plan that is not ours is taken for a monthly one."""
    price = price_of(transaction, prices)
    if price is None and prices:
        logger.error("payment %s is less than what it is for, and opens nothing", transaction["id"])
        return 0
    return months_of(price)


def months_of(price: Price | None) -> int:
    return Interval(price.interval).months if price else 1


def returns_of(transactions: list[Thing]) -> dict[str, tuple[Return, ...]]:
    """By payment, what went back of it: as PayPal told lately, and as we wrote down when it did so before.

    PayPal's transactions say only that something went back; how much, it tells by events, which it keeps for a month.
    """
    references = [each["id"] for each in transactions if each["status"] in GIVEN_BACK]
    known: dict[str, dict[str, Return]] = {reference: {} for reference in references}
    for refund in Refund.objects.filter(
        invoice__provider=Provider.PAYPAL, invoice__reference__in=references
    ).select_related("invoice"):
        kept = Return(refund.reference, RefundKind(refund.kind), refund.amount, refund.at, refund.reason)
        known[refund.invoice.reference][refund.reference] = kept
    for sale, told in told_returns(references):
        known[sale][told.reference] = told
    return {each["id"]: complete(each, known[each["id"]]) for each in transactions if each["id"] in known}


def told_returns(references: list[str]) -> Iterator[tuple[str, Return]]:
    """With the payment of each."""
    since = timezone.now() - REMEMBERED
    for kind in KINDS:
        for event in events(since, None, event_type=kind):
            resource = event["resource"]
            sale = resource["sale_id"] if kind == REFUNDED else resource["id"]
            if sale in references:
                yield sale, return_of(kind, resource)


def return_of(kind: str, resource: Thing) -> Return:
    amount = amount_from(resource["amount"]["total"], resource["amount"]["currency"])
    return Return(
        # What the bank took back has no name of its own.
        reference=resource["id"] if kind == REFUNDED else f"reversal-{resource['id']}",
        kind=KINDS[kind],
        amount=abs(amount),
        at=moment(resource["update_time" if kind == REVERSED else "create_time"]),
        reason=str(resource.get("reason", ""))[:100],
    )


def complete(transaction: Thing, known: dict[str, Return]) -> tuple[Return, ...]:
    """All that went back of a payment. If it is the whole and PayPal has forgotten how, the rest is one return."""
    returns = {name: each for name, each in known.items() if not name.startswith("rest-")}
    rest = units(transaction["amount_with_breakdown"]["gross_amount"]) - sum(each.amount for each in returns.values())
    if transaction["status"] == "REFUNDED" and rest > 0:
        sale = get(f"/v1/payments/sale/{transaction['id']}")
        name = f"rest-{transaction['id']}"
        returns[name] = Return(name, RefundKind.REFUND, rest, moment(sale["update_time"]))
    elif not returns:
        logger.error("payment %s was paid back in part, and PayPal no longer says how much", transaction["id"])
    return tuple(sorted(returns.values(), key=lambda each: (each.at, each.reference)))
