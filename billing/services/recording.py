"""Writing down what a provider says of a subscription: its state, its invoices, and what it opens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from billing.gateways.base import Payment, Truth
from billing.models import (
    LIVE,
    Cause,
    Invoice,
    InvoiceStatus,
    Price,
    ProviderEvent,
    Refund,
    State,
    Subscription,
    SubscriptionTransition,
    transition_name,
)
from billing.services import counting, rights

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


class SecondSubscription(Exception):
    """Somebody has paid for a second subscription while the first one is alive."""


@dataclass(frozen=True)
class Why:
    """For the record of what changes: who or what brought it about, and the event or the person if there is one."""

    cause: Cause
    event: ProviderEvent | None = None
    by: User | None = None


def record(subscription: Subscription, truth: Truth, why: Why) -> list[SubscriptionTransition]:
    """Write down the truth, and return the steps that the subscription took. Under the lock of its person.

    The same truth twice changes nothing. Raises SecondSubscription; ImpossibleTransition.
    """
    before, former_price = State(subscription.state), subscription.price
    if truth.state in LIVE and before not in LIVE and subscription.has_another():
        raise SecondSubscription
    take_over(subscription, truth)
    subscription.save()
    steps = []
    if subscription.state != before or subscription.price != former_price:
        at = happened_at(State(subscription.state), truth, why)
        steps.append(write_step(subscription, before, at, why))
    paid = record_payments(subscription, truth.payments)
    rights.settle(subscription, truth)
    counting.count(subscription, steps, paid)
    return steps


def take_over(subscription: Subscription, truth: Truth) -> None:
    """All columns that the provider decides."""
    now = timezone.now()
    subscription.reference = truth.reference
    subscription.price = known_price(subscription, truth.price_reference) or subscription.price
    subscription.next_price = known_price(subscription, truth.next_price_reference)
    subscription.state = truth.state
    subscription.started_at = truth.started_at
    subscription.current_period_start = truth.current_period_start
    subscription.current_period_end = truth.current_period_end
    subscription.trial_ends_at = truth.trial_ends_at
    subscription.next_attempt_at = truth.next_attempt_at
    subscription.resumes_at = truth.resumes_at
    subscription.ended_at = (truth.ended_at or now) if truth.state == State.ENDED else None
    if subscription.user_id is not None:
        # Who is erased has neither name nor card any more.
        subscription.payment_method = truth.payment_method
        subscription.card_expires_on = truth.card_expires_on
    subscription.checked_at = now
    is_behind = truth.state == State.PAST_DUE
    subscription.past_due_since = (subscription.past_due_since or now) if is_behind else None
    if truth.state != State.INCOMPLETE:
        # Who has paid, or given up, needs the address of the checkout no more, and nobody else may have it.
        subscription.checkout_url = ""


def known_price(subscription: Subscription, reference: str) -> Price | None:
    """Our price with the provider's name; one that is not ours is for staff to look at, and changes nothing here."""
    if not reference:
        return None
    current = subscription.price
    if current.reference_at(subscription.provider) == reference:
        return current
    price = Price.objects.known_as(subscription.provider, reference).select_related("plan").first()
    if price is None:
        logger.error("subscription %s has a price that is not ours: %s", subscription.pk, reference)
    return price


def write_step(subscription: Subscription, before: State, at: datetime, why: Why) -> SubscriptionTransition:
    """Put on record that it has become what it is now. Raises ImpossibleTransition."""
    after = State(subscription.state)
    return SubscriptionTransition.objects.create(
        subscription=subscription,
        name="change_price" if after == before else transition_name(before, after),
        from_state=before,
        to_state=after,
        price=subscription.price,
        annual_amount=subscription.annual_amount,
        at=at,
        cause=why.cause,
        event=why.event,
        by=why.by,
    )


def happened_at(after: State, truth: Truth, why: Why) -> datetime:
    """When it came to be, as well as can be told: what we hear late did not happen late."""
    if after == State.ENDED and truth.ended_at:
        return truth.ended_at
    if why.event is not None:
        return why.event.happened_at
    return timezone.now()


def record_payments(subscription: Subscription, payments: Sequence[Payment]) -> list[Payment]:
    """Returns those that were not known to be paid. One query if nothing is new.

    An invoice is never forgotten: providers name the latest only.
    """
    known = {
        invoice.reference: invoice
        for invoice in Invoice.objects.filter(
            provider=subscription.provider, reference__in=[payment.reference for payment in payments]
        )
    }
    newly_paid = []
    for payment in payments:
        if payment.status == InvoiceStatus.PAID and not is_paid(known.get(payment.reference)):
            newly_paid.append(payment)
        columns = columns_of(subscription, payment)
        invoice = known.get(payment.reference)
        if invoice is None:
            invoice = Invoice.objects.create(provider=subscription.provider, reference=payment.reference, **columns)
            had_returns = False
        else:
            had_returns = bool(invoice.amount_refunded)
            correct(invoice, columns)
        if payment.returns or had_returns:
            record_returns(invoice, payment)
    return newly_paid


def is_paid(invoice: Invoice | None) -> bool:
    return invoice is not None and invoice.status == InvoiceStatus.PAID


def columns_of(subscription: Subscription, payment: Payment) -> dict[str, Any]:
    return {
        "subscription_id": subscription.pk,
        "user_id": subscription.user_id,
        "number": payment.number,
        "status": payment.status,
        "currency": payment.currency,
        "total": payment.total,
        "tax": payment.tax,
        "amount_paid": payment.paid,
        "amount_refunded": payment.returned,
        "period_start": payment.period_start,
        "period_end": payment.period_end,
        "issued_at": payment.issued_at,
        "paid_at": payment.paid_at,
        # These pages have names on them.
        "hosted_url": payment.hosted_url if subscription.user_id is not None else "",
        "pdf_url": payment.pdf_url if subscription.user_id is not None else "",
    }


def correct(invoice: Invoice, columns: dict[str, Any]) -> None:
    changed = [name for name, value in columns.items() if getattr(invoice, name) != value]
    for name in changed:
        setattr(invoice, name, columns[name])
    if changed:
        invoice.save(update_fields=changed)


def record_returns(invoice: Invoice, payment: Payment) -> None:
    """A dispute that was won is no return any more."""
    for each in payment.returns:
        Refund.objects.update_or_create(
            invoice=invoice,
            reference=each.reference,
            defaults={"kind": each.kind, "amount": each.amount, "reason": each.reason, "at": each.at},
        )
    invoice.refunds.exclude(reference__in=[each.reference for each in payment.returns]).delete()
