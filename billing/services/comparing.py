"""How a subscription stands with us, in exact words, so that two such pictures can be laid side by side."""

from __future__ import annotations

from datetime import date, datetime

from billing.models import AccessGrant, Invoice, Subscription
from billing.money import decimal_text

# What it says of something → how it stands, such as "state" → "active".
Picture = dict[str, str]
MISSING = "missing"
NOTHING = "none"


def picture_of(key: int) -> Picture:
    """Of the subscription with this key, with all that was paid for it and all that it opens. Four queries."""
    subscription = Subscription.objects.select_related("price__plan", "next_price__plan").get(pk=key)
    invoices = subscription.invoices.order_by("issued_at", "id")
    grants = subscription.access_grants.order_by("starts_at", "id")
    return (
        columns_of(subscription)
        | {f"payment {invoice.reference}": payment_in_words(invoice) for invoice in invoices}
        | {f"right {grant.key}": right_in_words(grant) for grant in grants}
    )


def columns_of(subscription: Subscription) -> Picture:
    columns = {
        "reference": subscription.reference,
        "state": subscription.state,
        "price": str(subscription.price),
        "next price": str(subscription.next_price or NOTHING),
        "began": exact(subscription.started_at),
        "period": span(subscription.current_period_start, subscription.current_period_end),
        "end of the trial": exact(subscription.trial_ends_at),
        "next attempt": exact(subscription.next_attempt_at),
        "end of the pause": exact(subscription.resumes_at),
        "end": exact(subscription.ended_at),
        "way of paying": subscription.payment_method,
        "last day of the card": exact(subscription.card_expires_on),
    }
    return {name: value or NOTHING for name, value in columns.items()}


def payment_in_words(invoice: Invoice) -> str:
    total, tax, paid, returned = (
        decimal_text(amount, invoice.currency)
        for amount in (invoice.total, invoice.tax, invoice.amount_paid, invoice.amount_refunded)
    )
    amounts = f"{total} {invoice.currency} with {tax} tax, {paid} paid, {returned} given back"
    paid_at = f", at {exact(invoice.paid_at)}" if invoice.paid_at else ""
    return f"{invoice.status}, {amounts}, for {span(invoice.period_start, invoice.period_end)}{paid_at}"


def right_in_words(grant: AccessGrant) -> str:
    revoked = f", revoked at {exact(grant.revoked_at)}" if grant.revoked_at else ""
    return f"{grant.level} by {grant.source}, {span(grant.starts_at, grant.ends_at)}{revoked}"


def span(start: datetime | None, end: datetime | None) -> str:
    return f"{exact(start)} to {exact(end)}"


def exact(at: date | None) -> str:
    return at.isoformat() if at else NOTHING


def differences(here: Picture, there: Picture) -> list[str]:
    """Such as "state: active → past_due": first how it stood here, then how it is at the provider."""
    names = [*here, *(name for name in there if name not in here)]
    sides = ((name, here.get(name, MISSING), there.get(name, MISSING)) for name in names)
    return [f"{name}: {ours} → {theirs}" for name, ours, theirs in sides if ours != theirs]
