"""Asking a provider how a subscription stands, and recording the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from billing.gateways import gateway_of
from billing.gateways.base import Payment, Truth
from billing.models import LIVE, InvoiceStatus, Subscription
from billing.services import announcing
from billing.services.recording import Why, record
from common.database import lock_for_transaction

logger = logging.getLogger(__name__)


@contextmanager
def locked(user_id: int | None) -> Iterator[None]:
    """A transaction in which nobody else changes this person's subscriptions."""
    with transaction.atomic():
        lock_for_transaction("billing", user_id or "erased")
        yield


def bring_up_to_date(provider: str, reference: str, why: Why) -> Subscription | None:
    """Fetch the truth of one subscription and record it; None if it is none of ours.

    Raises ProviderError, and then nothing has changed.
    """
    ours = find_own(provider, reference)
    if ours is None:
        return None
    with locked(ours.user_id):
        # As it is under the lock, and not as it was when it was looked for.
        subscription = Subscription.objects.with_all().get(pk=ours.pk)
        return follow(subscription, reference, why)


def find_own(provider: str, reference: str) -> Subscription | None:
    """Our row of this subscription: known by its reference, or else by what we gave the provider at the checkout."""
    ours = Subscription.objects.filter(provider=provider)
    # PayPal names it as it named the checkout.
    known = ours.filter(reference=reference).first() or ours.filter(reference="", checkout_reference=reference).first()
    if known is not None:
        return known
    key = gateway_of(provider).fetch(reference).own_key
    if key is None:
        return None
    # A row that has another reference by now is not the one: somebody copied our key by hand.
    return ours.filter(pk=key, reference="").first()


def follow(subscription: Subscription, reference: str, why: Why) -> Subscription:
    """As `bring_up_to_date`, for those who hold the lock and have the row."""
    gateway = gateway_of(subscription.provider)
    truth = gateway.fetch(reference)
    if is_unwanted(subscription, truth):
        give_back(subscription, truth)
        truth = gateway.fetch(reference)
    for step in record(subscription, truth, why):
        announcing.announce(step)
    return subscription


def is_unwanted(subscription: Subscription, truth: Truth) -> bool:
    """Whether money was taken that nobody meant to pay: for a second one, or after the account was erased."""
    if subscription.is_second:
        return truth.state in LIVE or any(map(is_kept, truth.payments))
    if truth.state not in LIVE or subscription.is_live:
        return subscription.user_id is None and truth.state in LIVE
    return subscription.user_id is None or subscription.has_another()


def is_kept(payment: Payment) -> bool:
    return payment.status == InvoiceStatus.PAID and payment.paid > payment.returned


def give_back(subscription: Subscription, truth: Truth) -> None:
    """End it, and give back what was paid for it; that again is done each time that more of it is found.

    First the money: as long as that is not all on its way back it is alive, and found again. Twice does it once.
    """
    gateway = gateway_of(subscription.provider)
    subscription.reference = truth.reference
    for payment in filter(is_kept, truth.payments):
        gateway.refund(
            payment.reference,
            amount=payment.paid - payment.returned,
            currency=payment.currency,
            key=f"second-{subscription.pk}-{payment.reference}",
        )
    if truth.state in LIVE:
        gateway.cancel_now(subscription)
    if not subscription.is_second:
        subscription.is_second = True
        logger.error("subscription %s is a second one, or nobody's; it is ended and paid back", subscription.pk)
        announcing.announce_second(subscription)
