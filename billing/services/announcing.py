"""Telling members by mail what became of their subscription."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from billing.emails import subscriptions as emails
from billing.models import Cause, State, Subscription, SubscriptionTransition

logger = logging.getLogger(__name__)

# The steps that need no second look.
MAILS = {
    "miss_payment": emails.payment_failed,
    "recover": emails.payment_recovered,
    "cancel": emails.cancelled,
    "resume": emails.resumed,
    "pause": emails.paused,
    "continue": emails.continued,
    "change_price": emails.price_changed,
}


def announce(step: SubscriptionTransition) -> None:
    """Send the mail for a step, if there is one; a person is told of each once, whoever brought it about."""
    if step.subscription.user is not None:
        with mail_may_fail(f"{step.name} of subscription {step.subscription_id}"):
            announce_to_member(step)


def announce_second(subscription: Subscription) -> None:
    """Somebody paid twice, and gets the second payment back."""
    if subscription.user is not None:
        with mail_may_fail(f"the second subscription {subscription.pk}"):
            emails.paid_back(subscription=subscription)


@contextmanager
def mail_may_fail(what: str) -> Iterator[None]:
    """A mail that cannot be written is an error in the log, and no reason not to record what was paid."""
    try:
        with transaction.atomic():
            yield
    except Exception:
        # Whatever it is: who has paid must not be locked out for the want of a mail.
        logger.exception("the mail about %s failed", what)


def announce_to_member(step: SubscriptionTransition) -> None:
    if step.name in MAILS:
        MAILS[step.name](subscription=step.subscription)
    elif step.name in ("start_trial", "activate", "revive"):
        announce_beginning(step)
    elif step.name == "end" and step.from_state != State.INCOMPLETE:
        emails.ended(subscription=step.subscription, unpaid=is_for_want_of_payment(step))


def announce_beginning(step: SubscriptionTransition) -> None:
    subscription = step.subscription
    if step.to_state == State.TRIALING:
        emails.trial_begun(subscription=subscription)
    elif step.from_state == State.TRIALING:
        emails.trial_over(subscription=subscription)
    else:
        emails.welcome(subscription=subscription)


def is_for_want_of_payment(step: SubscriptionTransition) -> bool:
    """Whoever ended it, the clock or the provider; a member or our staff who end one that is not paid wish it so.

    The clock also ends what was cancelled, where the provider does not do that by itself.
    """
    return step.from_state == State.PAST_DUE and step.cause not in (Cause.MEMBER, Cause.STAFF)
