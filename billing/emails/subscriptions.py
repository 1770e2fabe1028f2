"""Mails to members about their subscription. Receipts are not among them: the providers send those."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from billing.access import Access, may_read
from billing.models import State, Subscription
from billing.words import day, what_next
from common import mail
from common.addresses import absolute


def welcome(*, subscription: Subscription) -> None:
    """It is paid and has begun: what they have now, and what comes next."""
    tell("billing_welcome", subscription)


def trial_begun(*, subscription: Subscription) -> None:
    """They may try it: until when, and what it costs then."""
    tell("billing_trial_begun", subscription)


def trial_over(*, subscription: Subscription) -> None:
    """It goes on after the trial. Whether the first payment has come is not known yet: nothing is said of that."""
    tell("billing_trial_over", subscription)


def payment_failed(*, subscription: Subscription) -> None:
    """The provider could not be paid: nothing is lost yet, and here is how to mend it."""
    tell("billing_payment_failed", subscription)


def payment_missing(*, subscription: Subscription, is_last: bool) -> None:
    """It is still not paid; `is_last`: no other reminder comes before the end."""
    tell("billing_payment_missing", subscription, is_last=is_last)


def payment_recovered(*, subscription: Subscription) -> None:
    tell("billing_payment_recovered", subscription)


def cancelled(*, subscription: Subscription) -> None:
    """It will end: until when they keep what they have, and how to take it back."""
    tell("billing_cancelled", subscription)


def resumed(*, subscription: Subscription) -> None:
    """The cancellation is taken back."""
    tell("billing_resumed", subscription)


def paused(*, subscription: Subscription) -> None:
    tell("billing_paused", subscription)


def continued(*, subscription: Subscription) -> None:
    """The pause is over."""
    tell("billing_continued", subscription)


def price_changed(*, subscription: Subscription) -> None:
    tell("billing_price_changed", subscription)


def ended(*, subscription: Subscription, unpaid: bool) -> None:
    """`unpaid`: since a payment did not come, and not because anybody wished it."""
    tell("billing_ended", subscription, unpaid=unpaid, ended_on=day(subscription.ended_at))


def paid_back(*, subscription: Subscription) -> None:
    """They paid twice at once: the second is ended and its money on the way back."""
    tell("billing_paid_back", subscription)


def trial_ending(*, subscription: Subscription) -> None:
    tell("billing_trial_ending", subscription, ends_on=day(subscription.trial_ends_at))


def card_expiring(*, subscription: Subscription) -> None:
    """The card will not be good any more when the next payment is due."""
    tell("billing_card_expiring", subscription, good_until=day(subscription.card_expires_on))


def renewal_coming(*, subscription: Subscription) -> None:
    """A year is nearly over, and nobody should be surprised by what the next one costs."""
    tell("billing_renewal_coming", subscription, renews_on=day(subscription.current_period_end))


def tell(template: str, subscription: Subscription, **more: Any) -> None:
    user = subscription.user
    assert user is not None  # noqa: S101 - who is erased is told nothing (services.announcing)
    access = access_kept(subscription)
    context = {
        "user": user,
        "subscription": subscription,
        "provider": subscription.get_provider_display(),
        "way": way_of_paying(subscription),
        "plan": subscription.price.plan,
        "price": subscription.price,
        "next": what_next(subscription, access),
        "until": moment(access.until),
        "next_attempt": moment(subscription.next_attempt_at),
        "url": absolute(reverse("billing:settings")),
    }
    mail.send(template, to=user.email, context=context | more)


def access_kept(subscription: Subscription) -> Access:
    """What they may read now, and until when; while a payment is waited for, to the end of the days of grace."""
    user = subscription.user
    assert user is not None  # noqa: S101 - as above
    now = timezone.now()
    access = may_read(user, subscription.price.plan.level, at=now)
    has_no_end = access.allowed and access.until is None
    if subscription.state != State.PAST_DUE or has_no_end:
        return access
    graces = subscription.access_grants.grace().filter(ends_at__gt=now)
    ends = [access.until, *graces.values_list("ends_at", flat=True)]
    return replace(access, until=max((end for end in ends if end), default=None))


def way_of_paying(subscription: Subscription) -> str:
    """Such as "Stripe (Visa ending in 4242)", or "PayPal" where no more is known."""
    provider, method = subscription.get_provider_display(), subscription.payment_method
    return f"{provider} ({method})" if method not in ("", provider) else provider


def moment(at: datetime | None) -> str:
    """Such as "29 December 2026, 10:30 UTC"; empty if there is none."""
    return f"{day(at)}, {at:%H:%M} UTC" if at else ""
