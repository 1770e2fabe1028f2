"""Histories of subscriptions, made step by step, for the tests of reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import User
from billing.models import Cause, Contract, Invoice, InvoiceStatus, Organisation, Plan, Price, Provider, Subscription
from billing.models import SubscriptionTransition as Step
from billing.reports.calendar import Months, month_of
from billing.reports.revenue import Revenue, View, revenue

numbers = count(1)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PAYING = ("active", "past_due", "cancelled")


def day(text: str) -> datetime:
    """Noon in UTC of a day such as "2026-03-15"."""
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")


def price_of(interval: str = "month", *, plan: str = "premium", amount: int = 0, currency: str = "USD") -> Price:
    """A price of this plan; that of the standard plans if no amount is named."""
    its_plan, _ = Plan.objects.get_or_create(code=plan, defaults={"name": plan.capitalize(), "summary": "x"})
    wanted = {"plan": its_plan, "interval": interval, "currency": currency}
    if not amount:
        return Price.objects.get(**wanted)
    return Price.objects.create(**wanted, amount=amount, version=next(numbers) + 1, retired_at=NOW)


def make_subscription(user: User | None, price: Price, provider: str = Provider.STRIPE) -> Subscription:
    return Subscription.objects.create(user=user, price=price, provider=provider, reference=f"r{next(numbers)}")


def go(
    subscription: Subscription, state: str, at: datetime, *, price: Price | None = None, late: timedelta = timedelta()
) -> Step:
    """One step more, as billing.services.recording writes it; `late`: how long after it happened we came to know."""
    before, subscription.state = subscription.state, state
    subscription.price = price or subscription.price
    subscription.save()
    return Step.objects.create(
        subscription=subscription,
        name="x",
        from_state=before,
        to_state=state,
        price=subscription.price,
        annual_amount=subscription.price.annual_amount if state in PAYING else 0,
        at=at,
        recorded_at=at + late,
        cause=Cause.PROVIDER,
    )


def pay(subscription: Subscription, at: datetime, amount: int, **columns: Any) -> Invoice:
    paid = {"status": InvoiceStatus.PAID, "total": amount, "amount_paid": amount, "paid_at": at}
    return Invoice.objects.create(
        user=subscription.user,
        subscription=subscription,
        provider=subscription.provider,
        reference=f"i{next(numbers)}",
        currency=subscription.price.currency,
        period_start=at,
        period_end=at,
        issued_at=at,
        **paid | columns,
    )


def make_contract(
    organisation: Organisation, amount: int, since: datetime, until: datetime, **columns: Any
) -> Contract:
    return Contract.objects.create(
        organisation=organisation,
        seats=10,
        annual_amount=amount,
        starts_at=since,
        ends_at=until,
        made_at=since,
    )


def seen(since: str = "2026-01", until: str = "2026-11", **choice: Any) -> Revenue:
    """The figures of some months, in dollars and as of `NOW` if nothing else is said."""
    months = Months(*(month_of(day(f"{month}-01")) for month in (since, until)))
    chosen: dict[str, Any] = {"currency": "USD", "as_of": NOW} | choice
    return revenue(View(months, **chosen))
