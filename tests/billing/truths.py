"""What a provider might say of a subscription, for tests that need no provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import User
from billing.gateways.base import Payment, Return, Truth
from billing.models import InvoiceStatus, Price, RefundKind, State, Subscription

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = 30 * DAY
numbers = count(1)


def make_payment(number: int = 0, **fields: Any) -> Payment:
    """The invoice of the month with this number, paid as it began."""
    start = NOON + number * MONTH
    defaults: dict[str, Any] = {
        "reference": f"in_{number}",
        "number": f"A-{number}",
        "status": InvoiceStatus.PAID,
        "currency": "USD",
        "total": 5_000,
        "tax": 0,
        "paid": 5_000,
        "period_start": start,
        "period_end": start + MONTH,
        "issued_at": start,
        "paid_at": start,
    }
    return Payment(**defaults | fields)


def make_return(amount: int = 5_000, at: datetime = NOON + 3 * DAY, **fields: Any) -> Return:
    values: dict[str, Any] = {"reference": "re_1", "kind": RefundKind.REFUND, "amount": amount, "at": at}
    return Return(**values | fields)


def make_truth(*payments: Payment, **fields: Any) -> Truth:
    """An active subscription that began at noon and has paid these invoices; one month's if none is named."""
    payments = payments or (make_payment(),)
    defaults: dict[str, Any] = {
        "reference": "sub_1",
        "own_key": None,
        "state": State.ACTIVE,
        "price_reference": "price_month",
        "next_price_reference": "",
        "started_at": NOON,
        "current_period_start": payments[-1].period_start,
        "current_period_end": payments[-1].period_end,
        "trial_started_at": None,
        "trial_ends_at": None,
        "next_attempt_at": None,
        "resumes_at": None,
        "ended_at": None,
        "payment_method": "Visa ending in 4242",
        "card_expires_on": None,
        "payments": payments,
    }
    return Truth(**defaults | fields)


def premium(interval: str = "month") -> Price:
    """The standard price, known to Stripe as price_month or price_year."""
    price = Price.objects.on_offer().select_related("plan").get(plan__code="premium", interval=interval)
    if not price.stripe_id:
        price.stripe_id = f"price_{interval}"
        price.save()
    return price


def make_subscription(user: User, **fields: Any) -> Subscription:
    """A checkout that was begun at Stripe for the month's price."""
    defaults: dict[str, Any] = {"user": user, "provider": "stripe", "created_at": NOON}
    if "price" not in fields:
        fields["price"] = premium()
    return Subscription.objects.create(**defaults | fields)
