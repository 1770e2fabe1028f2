"""What becomes of subscriptions, for the figures of analytics; the books are billing.reports."""

from __future__ import annotations

from collections.abc import Sequence

from analytics import track
from analytics.visits import nobody
from billing.gateways.base import Payment
from billing.models import Invoice, InvoiceStatus, State, Subscription, SubscriptionTransition

# By the name of the transition; a checkout that nobody finished was no subscription.
WORDS = {
    "start_trial": "trial",
    "activate": "started",
    "miss_payment": "payment_failed",
    "recover": "recovered",
    "pause": "paused",
    "continue": "continued",
    "cancel": "cancelled",
    "resume": "resumed",
    "extend_trial": "trial_extended",
    "end": "ended",
    "revive": "started",
    "change_price": "changed",
}


def count(subscription: Subscription, steps: Sequence[SubscriptionTransition], paid: Sequence[Payment]) -> None:
    """Steps that it took just now, and payments that were not known before. Amounts are cents.

    Whoever's request it is in which we hear of it: the member's, a provider's, or that of staff.
    """
    with nobody():
        for step in steps:
            if step.from_state != State.INCOMPLETE or step.to_state != State.ENDED:
                say(subscription, WORDS[step.name], subscription.price.amount)
        # Trials are paid with nothing, and a change of plan is told as a step.
        further = [payment for payment in paid if payment.paid and not payment.replaces_former]
        if further and renews(subscription, further):
            for payment in further:
                say(subscription, "renewed", payment.paid)


def renews(subscription: Subscription, paid: Sequence[Payment]) -> bool:
    """Whether something was paid before these: the first payment is its beginning."""
    others = Invoice.objects.filter(subscription=subscription, status=InvoiceStatus.PAID, amount_paid__gt=0)
    return others.exclude(reference__in=[payment.reference for payment in paid]).exists()


def say(subscription: Subscription, what: str, amount: int) -> None:
    if subscription.user_id is not None:
        price = subscription.price
        track.subscription(
            subscription.user_id,
            what,
            plan=price.plan.code,
            interval=price.interval,
            provider=subscription.provider,
            amount=amount,
            currency=price.currency,
        )
