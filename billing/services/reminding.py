"""Reminding members of what is coming, by mail: each of each thing once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db.models import DateTimeField, F
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from billing.emails import subscriptions as emails
from billing.models import Interval, Reminder, State, Subscription
from billing.querysets.subscriptions import SubscriptionQuerySet
from billing.services.truth import locked

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
# Days after a payment failed; the last is the day before what was paid, and grace, is over.
PAYMENT_MISSING = (1, 3, 6)
TRIAL_ENDING = 3 * DAY
CARD_EXPIRING = 14 * DAY
RENEWAL_COMING = 14 * DAY
MOST = 500  # of each kind in a run; the rest is for the next

Mail = Callable[..., None]


def remind_due(now: datetime) -> int:
    """Send the reminders whose time has come; returns how many. No provider is asked."""
    trial = remind("trial_ending", trials_ending(now), F("trial_ends_at"), emails.trial_ending)
    card_day = Cast("card_expires_on", DateTimeField())
    card = remind("card_expiring", cards_expiring(now), card_day, emails.card_expiring)
    renewal = remind("renewal_coming", renewals_coming(now), F("current_period_end"), emails.renewal_coming)
    return remind_of_payments(now) + trial + card + renewal


def remind_of_payments(now: datetime) -> int:
    """Where a run comes late, only the reminder of the latest day is sent, and not all that were missed."""
    sent, until = 0, None
    for days in reversed(PAYMENT_MISSING):
        since = Subscription.objects.past_due().filter(past_due_since__lte=now - days * DAY)
        due = since.filter(past_due_since__gt=until) if until else since
        mail = partial(emails.payment_missing, is_last=days == PAYMENT_MISSING[-1])
        sent += remind(f"payment_missing_{days}", due, F("past_due_since"), mail)
        until = now - days * DAY
    return sent


def trials_ending(now: datetime) -> SubscriptionQuerySet:
    """Of trials that are as short as that, the first mail has said all."""
    ending = Subscription.objects.filter(state=State.TRIALING, trial_ends_at__range=(now, now + TRIAL_ENDING))
    return ending.filter(started_at__lt=F("trial_ends_at") - TRIAL_ENDING)


def cards_expiring(now: datetime) -> SubscriptionQuerySet:
    """Those whose next payment comes soon, when the card will not be good any more."""
    charged = Subscription.objects.filter(state__in=(State.TRIALING, State.ACTIVE))
    soon = charged.filter(current_period_end__range=(now, now + CARD_EXPIRING))
    return soon.filter(card_expires_on__lt=F("current_period_end__date"))


def renewals_coming(now: datetime) -> SubscriptionQuerySet:
    """A year is so long that one forgets it; of a month the day is known."""
    yearly = Subscription.objects.filter(state=State.ACTIVE, price__interval=Interval.YEAR)
    return yearly.filter(current_period_end__range=(now, now + RENEWAL_COMING))


def remind(kind: str, due: SubscriptionQuerySet, about: Combinable, mail: Mail) -> int:
    """Send this mail to each that is due and was not reminded `about` that time; one that fails stops no other."""
    sent = 0
    for key, user_id, _ in due.to_remind(kind, about, most=MOST):
        try:
            with locked(user_id):
                # As it is under the lock: another worker may have reminded them, or they have paid.
                for _, _, at in due.filter(pk=key).to_remind(kind, about, most=1):
                    send(kind, key, at, mail)
                    sent += 1
        except Exception:
            # Whatever it is, the others must not wait for it.
            logger.exception("reminder %s of subscription %s failed", kind, key)
    return sent


def send(kind: str, key: int, about: datetime, mail: Mail) -> None:
    """The row stands first, so that there is none whose mail goes twice; without a mail there is no row."""
    subscription = Subscription.objects.with_all().get(pk=key)
    Reminder.objects.create(subscription=subscription, kind=kind, about=about)
    mail(subscription=subscription)
