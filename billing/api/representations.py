"""Subscriptions, previews and invoices as the API shows them. Amounts are whole numbers of the smallest unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.access import FREE, PREMIUM, may_read
from billing.agreements import seal
from billing.models import State, Subscription
from billing.words import what_next

if TYPE_CHECKING:
    from accounts.models import User
    from billing.gateways.base import Preview

INVOICE = (
    *("id", "number", "provider", "plan", "status", "currency", "total", "tax", "amount_paid", "amount_refunded"),
    *("period_start", "period_end", "issued_at", "paid_at", "hosted_url", "pdf_url"),
)


def subscription_item(subscription: Subscription | None, user: User) -> dict[str, Any]:
    """Somebody's subscription; who has none has what is free, and that does not end."""
    if subscription is None:
        return {
            "plan": FREE,
            "state": State.ACTIVE,
            "provider": None,
            "interval": None,
            "current_period_end": None,
            "cancel_at_period_end": False,
            "next": what_next(None),
        }
    return {
        "plan": subscription.price.plan.code,
        "state": subscription.state,
        "provider": subscription.provider,
        "interval": subscription.price.interval,
        "current_period_end": subscription.current_period_end,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "next": what_next(subscription, may_read(user, PREMIUM)),
    }


def preview_item(preview: Preview | None, *, user: User, plan: str, interval: str) -> dict[str, Any]:
    """What a change costs; `agreed` goes into the PUT that makes it, so that no other sum is charged."""
    if preview is None:
        return {"changes": False}
    return {
        "changes": True,
        "due_now": preview.due_now,
        "currency": preview.currency,
        "at_once": preview.at_once,
        "next_payment": preview.next_payment,
        "next_payment_at": preview.next_payment_at,
        "agreed": seal(preview, user=user, plan=plan, interval=interval),
    }


def invoice_item(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in INVOICE} | {"refunds": row["refunds"]}
