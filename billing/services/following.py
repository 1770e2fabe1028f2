"""What becomes of subscriptions by the clock alone, without an event of a provider's or anybody's wish."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from billing.gateways import gateway_of, ready_gateways
from billing.gateways.base import NotThere, ProviderAway, ProviderError
from billing.models import Cause, Provider, State, Subscription
from billing.querysets.subscriptions import SubscriptionQuerySet
from billing.services.recording import Why, write_step
from billing.services.rights import GRACE
from billing.services.truth import follow, locked

logger = logging.getLogger(__name__)

BY_THE_CLOCK = Why(Cause.CLOCK)
# PayPal knows no end of what is paid and no end of a pause: both are suspended there until we say more.
WITHOUT_DATES = (Provider.PAYPAL,)
# Nobody is told on one day that a payment failed and that all is over.
NOTICE = timedelta(days=1)
CHECKOUT_IS_OVER = timedelta(days=1)
NEWS_IS_LATE = timedelta(hours=1)
LOOK_AGAIN = timedelta(hours=6)
MOST = 200  # of each kind in a run; the rest is for the next

# Returns whether it did something; under the lock of the person.
Deed = Callable[[Subscription], bool]


@dataclass
class Followed:
    """What a run has done: numbers of subscriptions, and which providers did not answer."""

    closed: int = 0
    ended: int = 0
    cancelled: int = 0
    continued: int = 0
    looked_at: int = 0
    failed: int = 0
    away: set[str] = field(default_factory=set[str])


def follow_due(now: datetime) -> Followed:
    """Do all that the time brings about. What fails, or waits for a provider that is away, is for the next run."""
    run = Followed()
    subscriptions = Subscription.objects.filter(provider__in=[gateway.provider for gateway in ready_gateways()])
    suspended = subscriptions.filter(provider__in=WITHOUT_DATES)
    # Before others look at them: for us it is over then, at PayPal not yet.
    run.cancelled = each(suspended.paid_time_over(now), finish, run)
    run.continued = each(suspended.pauses_over(now), go_on, run, by_present_truth=True)
    run.looked_at = each(subscriptions.without_news(late=NEWS_IS_LATE, again=LOOK_AGAIN, at=now), look, run)
    run.closed = each(subscriptions.checkouts_over(now - CHECKOUT_IS_OVER), close_checkout, run)
    unpaid = subscriptions.waited_for_until(now, patience=GRACE).filter(past_due_since__lte=now - NOTICE)
    run.ended = each(unpaid, end, run, by_present_truth=True)
    return run


def each(due: SubscriptionQuerySet, deed: Deed, run: Followed, *, by_present_truth: bool = False) -> int:
    """Do it to each that is due, and still is under its person's lock; returns to how many it was done.

    `by_present_truth`: the provider is asked first, so that nothing is done for what has changed there meanwhile.
    One that fails stops no other; a provider that is away is not asked again in this run.
    """
    done = 0
    for key, user_id, provider in due.values_list("pk", "user_id", "provider")[:MOST]:
        if provider in run.away:
            continue
        try:
            with locked(user_id):
                done += do_if_due(due.filter(pk=key), deed, by_present_truth=by_present_truth)
        except ProviderAway as error:
            run.away.add(provider)
            logger.warning("what is due at %s waits, since it does not answer: %s", provider, error)
        except ProviderError as error:
            run.failed += 1
            logger.error("%s of subscription %s failed: %s", deed.__name__, key, error)
        except Exception:
            # Whatever it is, the others must not wait for it.
            run.failed += 1
            logger.exception("%s of subscription %s failed", deed.__name__, key)
    return done


def do_if_due(this_one: SubscriptionQuerySet, deed: Deed, *, by_present_truth: bool) -> bool:
    this_one = this_one.with_all()
    subscription = this_one.first()
    if subscription is not None and by_present_truth:
        look(subscription)
        subscription = this_one.first()
    return subscription is not None and deed(subscription)


def look(subscription: Subscription) -> bool:
    """Ask the provider how it stands, and record that."""
    follow(subscription, subscription.reference, BY_THE_CLOCK)
    return True


def end(subscription: Subscription) -> bool:
    gateway_of(subscription.provider).cancel_now(subscription)
    return look(subscription)


def finish(subscription: Subscription) -> bool:
    """End for good what was cancelled, unless a last look shows that it was taken back meanwhile."""
    look(subscription)
    if subscription.state not in (State.CANCELLED, State.ENDED):
        return False
    return end(subscription)


def go_on(subscription: Subscription) -> bool:
    gateway_of(subscription.provider).unpause(subscription)
    return look(subscription)


def close_checkout(subscription: Subscription) -> bool:
    """Nobody can pay in it any more. If somebody has, and we were never told, that is recorded instead."""
    if reference := came_of(subscription):
        follow(subscription, reference, BY_THE_CLOCK)
    if subscription.state != State.INCOMPLETE:
        return False
    now = timezone.now()
    subscription.state, subscription.ended_at, subscription.checkout_url = State.ENDED, now, ""
    subscription.save(update_fields=["state", "ended_at", "checkout_url"])
    write_step(subscription, State.INCOMPLETE, now, BY_THE_CLOCK)
    return True


def came_of(subscription: Subscription) -> str:
    """The provider's name of what came of a checkout; empty if nothing did."""
    try:
        return gateway_of(subscription.provider).find(subscription)
    except NotThere:
        return ""
