"""How a subscription ends."""

from __future__ import annotations

from counterparts.stripe.events import tell, updating
from counterparts.stripe.store import now, things
from counterparts.world import Thing


def end_now(subscription: Thing, *, reason: str | None, comment: Thing | None = None) -> None:
    """It is over; no more is asked for what was not paid."""
    subscription["cancellation_details"] = subscription["cancellation_details"] | (comment or {})
    if reason and subscription["cancellation_details"]["reason"] is None:
        subscription["cancellation_details"]["reason"] = reason
    subscription["canceled_at"] = subscription["canceled_at"] or now()
    subscription.update(ended_at=now(), status="canceled", pause_collection=None, pending_update=None)
    for invoice in things("invoice").values():
        is_its_own = invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]
        if is_its_own and invoice["status"] in ("draft", "open"):
            with updating(invoice, "invoice.updated"):
                invoice.update(auto_advance=False, next_payment_attempt=None)
    tell("customer.subscription.deleted", subscription)
