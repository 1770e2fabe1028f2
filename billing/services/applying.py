"""Applying the providers' events, which are kept already: each has its effect once."""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import OperationalError
from django.utils import timezone

from billing.gateways import gateway_of
from billing.gateways.base import NotThere, ProviderAway, ProviderError
from billing.models import Cause, EventState, ProviderEvent, Subscription
from billing.querysets.events import ProviderEventQuerySet
from billing.services.recording import Why
from billing.services.truth import find_own, follow, locked

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 10
FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_ERROR = 500  # characters
MAY_BE_UNKNOWN = timedelta(hours=1)
NOT_OURS = "It is about no subscription of ours."
NO_LONGER_THERE = "The provider knows no such subscription."


def apply(provider: str, subject: str) -> int:
    """Bring one subscription up to date, and with that all events about it that wait; returns how many those were.

    However many there are, and in whatever order they came: the provider is asked once. What fails is tried again
    later, at growing intervals, and after some attempts left to staff; a provider that is away is waited for.
    """
    try:
        return attempt(provider, subject)
    except ProviderAway:
        return 0


def attempt(provider: str, subject: str) -> int:
    """As `apply`, and also raises ProviderAway, once the events are put off: it need not be asked about others now."""
    waiting = ProviderEvent.objects.waiting().filter(provider=provider, subject=subject)
    if not waiting.due(timezone.now()).exists():
        return 0
    try:
        ours = find_own(provider, subject)
        return set_aside(waiting, NOT_OURS) if ours is None else apply_all(waiting, ours)
    except NotThere as gone:
        return give_up_unknown(waiting, gone)
    except (ProviderAway, OperationalError) as error:
        # Nothing is wrong with these events: somebody else is at it, or the provider or the database is away.
        postpone(waiting, error, counts=False)
        if isinstance(error, ProviderAway):
            raise
        return 0
    except Exception as error:  # noqa: BLE001 - whatever it is, the events must not be lost, nor hold up others
        postpone(waiting, error)
        return 0


def give_up_unknown(waiting: ProviderEventQuerySet, gone: NotThere) -> int:
    """A provider may not find at once what it has just told of; after an hour it will not either."""
    since = timezone.now() - MAY_BE_UNKNOWN
    postpone(waiting.filter(received_at__gt=since), gone, counts=False)
    return set_aside(waiting.filter(received_at__lte=since), NO_LONGER_THERE)


def apply_all(waiting: ProviderEventQuerySet, ours: Subscription) -> int:
    """What is recorded, and that these events are applied, is committed together."""
    with locked(ours.user_id):
        newest = waiting.order_by("happened_at", "id").last()
        if newest is None:
            # Another worker was faster.
            return 0
        # What comes in while the provider is asked is not covered by its answer.
        covered = list(waiting.values_list("pk", flat=True))
        subscription = Subscription.objects.with_all().get(pk=ours.pk)
        follow(subscription, newest.subject, Why(Cause.PROVIDER, event=newest))
        done: dict[str, Any] = {"state": EventState.APPLIED, "done_at": timezone.now(), "error": ""}
        if subscription.user_id is None:
            # Names of somebody who is erased; maybe while the lock was waited for.
            done["body"] = {}
        return ProviderEvent.objects.filter(pk__in=covered).update(**done)


def attempt_nameless(event: ProviderEvent) -> int:
    """As `attempt`, for an event that does not name its subscription, such as of a refund: the provider is asked."""
    this_one = ProviderEvent.objects.waiting().filter(pk=event.pk)
    try:
        subject = gateway_of(event.provider).subject_of(event.body)
    except NotThere:
        subject = ""
    except ProviderError as error:
        postpone(this_one, error, counts=not isinstance(error, ProviderAway))
        if isinstance(error, ProviderAway):
            raise
        return 0
    if not subject:
        return set_aside(this_one, NOT_OURS)
    this_one.update(subject=subject)
    return attempt(event.provider, subject)


def apply_due(*, most: int = 10_000, seconds: float | None = None) -> int:
    """Apply what waits and may be tried (again) now, of up to `most` subscriptions; returns how many events.

    `seconds`: begin no other after that. A provider that is away is not asked again in this run.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    due = ProviderEvent.objects.due(timezone.now())
    subjects = list(due.exclude(subject="").order_by().values_list("provider", "subject").distinct()[:most])
    # Of two who do this at once, neither waits for the other at each of them.
    random.shuffle(subjects)
    nameless = list(due.filter(subject="").order_by("id")[:most])
    work = [(provider, partial(attempt, provider, subject)) for provider, subject in subjects]
    work += [(event.provider, partial(attempt_nameless, event)) for event in nameless]
    applied, away = 0, set[str]()
    for provider, deed in work:
        if provider in away:
            continue
        if deadline is not None and time.monotonic() > deadline:
            break
        try:
            applied += deed()
        except ProviderAway:
            away.add(provider)
    return applied


def replay(event: ProviderEvent) -> bool:
    """Have an event that failed, or was set aside, wait again; False for one that waits or is applied."""
    again = ProviderEvent.objects.filter(pk=event.pk, state__in=(EventState.FAILED, EventState.SET_ASIDE))
    values = {"state": EventState.WAITING, "attempts": 0, "try_after": timezone.now(), "error": "", "done_at": None}
    return bool(again.update(**values))


def set_aside(events: ProviderEventQuerySet, why: str) -> int:
    """They changed nothing, and are kept."""
    return events.update(state=EventState.SET_ASIDE, done_at=timezone.now(), error=why)


def postpone(events: ProviderEventQuerySet, error: Exception, *, counts: bool = True) -> None:
    """Try those of these that are due again later, or never: after so many failures that count, staff look at them."""
    now = timezone.now()
    words = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    for event in events.due(now):
        attempts = event.attempts + 1
        values: dict[str, Any] = {"attempts": attempts, "error": words}
        if counts and attempts >= MOST_ATTEMPTS:
            values |= {"state": EventState.FAILED, "done_at": now}
            logger.error("event %s %s is given up: %s", event.provider, event.event_id, words)
        else:
            values["try_after"] = now + min(FIRST_DELAY * 2 ** min(attempts - 1, 10), LONGEST_DELAY)
            logger.warning("event %s %s is tried again later: %s", event.provider, event.event_id, words)
        # Unless another worker has applied it meanwhile.
        ProviderEvent.objects.waiting().filter(pk=event.pk).update(**values)
