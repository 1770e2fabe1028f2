"""What a subscription opens, and when: dated facts that follow from what was paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from billing.access import forget_access
from billing.gateways.base import Payment, Truth
from billing.levels import FREE
from billing.models import AccessGrant, InvoiceStatus, Source, State, Subscription

GRACE = timedelta(days=7)
# In these states the provider will still ask for money, so that whoever has paid until now is waited for.
AWAITED = (State.TRIALING, State.ACTIVE, State.PAST_DUE)
REASONS = {
    Source.STRIPE: "Paid by Stripe.",
    Source.PAYPAL: "Paid by PayPal.",
    Source.TRIAL: "Trial.",
    Source.GRACE: "Days of grace until the next payment.",
}


@dataclass(frozen=True)
class Right:
    """One fact. The key is the same each time that it follows from the same thing."""

    key: str
    source: Source
    starts_at: datetime
    ends_at: datetime


def settle(subscription: Subscription, truth: Truth) -> None:
    """Have the rows of `AccessGrant` say what follows from the truth.

    What was open stays on record as having been open: a fact that no longer follows ends now, and only one that has
    not begun yet goes without a trace.
    """
    now = timezone.now()
    level = subscription.price.plan.level
    user = subscription.user
    wanted = {right.key: right for right in rights_of(truth, Source(subscription.provider))}
    if user is None:
        return
    if level == FREE:
        wanted = {}
    known = {grant.key: grant for grant in subscription.access_grants.select_for_update()}
    for key, right in wanted.items():
        if key in known:
            correct(known[key], right)
        else:
            AccessGrant.objects.create(
                user=user,
                level=level,
                source=right.source,
                subscription=subscription,
                key=key,
                starts_at=right.starts_at,
                ends_at=right.ends_at,
                reason=REASONS[right.source],
            )
    named = {key_of(payment) for payment in truth.payments}
    for key in known.keys() - wanted.keys():
        # A provider names the latest payments only; of older ones it says nothing by not naming them.
        if key in named or not key.startswith("paid:"):
            withdraw(known[key], now)
    forget_access(user.pk)


def rights_of(truth: Truth, source: Source) -> Iterator[Right]:
    """What follows from a truth: the trial, each paid period, and grace after the last one. Pure."""
    rights = [Right(key_of(payment), source, *period) for payment, period in paid_periods(truth.payments)]
    if trial := trial_of(truth):
        rights.append(trial)
    yield from rights
    given_back = {key_of(payment) for payment in truth.payments if payment.wholly_returned_at is not None}
    last = max(rights, key=lambda right: right.ends_at, default=None)
    if last and truth.state in AWAITED and last.key not in given_back:
        yield Right(f"grace:{last.ends_at:%Y-%m-%dT%H:%M:%S}", Source.GRACE, last.ends_at, last.ends_at + GRACE)


def key_of(payment: Payment) -> str:
    return f"paid:{payment.reference}"


def trial_of(truth: Truth) -> Right | None:
    """A trial that was broken off opens nothing afterwards: nothing was paid for it."""
    if not (truth.trial_started_at and truth.trial_ends_at):
        return None
    end = min(truth.trial_ends_at, truth.ended_at or truth.trial_ends_at)
    return Right("trial", Source.TRIAL, truth.trial_started_at, end) if end > truth.trial_started_at else None


def paid_periods(payments: Iterable[Payment]) -> Iterator[tuple[Payment, tuple[datetime, datetime]]]:
    """Each paid invoice with the time that it opens; what a change of plan gave back ends where that change begins."""
    paid = sorted(
        (each for each in payments if each.status == InvoiceStatus.PAID and not each.is_trial),
        key=lambda each: each.period_start,
    )
    changes = [each.period_start for each in paid if each.replaces_former and each.wholly_returned_at is None]
    for payment in paid:
        ends = [payment.period_end, *(at for at in changes if at > payment.period_start)]
        if (taken_back := payment.wholly_returned_at) is not None:
            ends.append(taken_back)
        if (end := min(ends)) > payment.period_start:
            yield payment, (payment.period_start, end)


def correct(grant: AccessGrant, right: Right) -> None:
    """Only what differs is written: most of the time nothing does."""
    if (grant.starts_at, grant.ends_at, grant.revoked_at) == (right.starts_at, right.ends_at, None):
        return
    grant.starts_at, grant.ends_at, grant.revoked_at = right.starts_at, right.ends_at, None
    grant.save(update_fields=["starts_at", "ends_at", "revoked_at"])


def withdraw(grant: AccessGrant, now: datetime) -> None:
    if grant.starts_at >= now:
        grant.delete()
    elif grant.revoked_at is None and (grant.ends_at is None or grant.ends_at > now):
        grant.revoked_at = now
        grant.save(update_fields=["revoked_at"])
