"""Talking with a provider about somebody's subscription, while nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import ValidationError
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from billing.gateways import gateway_of
from billing.gateways.base import Gateway, NotThere, ProviderAway, Refused
from billing.gateways.patience import one_talk
from billing.models import Cause, Provider, Subscription
from billing.services.recording import Why
from billing.services.truth import follow, locked
from common.outages import Away

if TYPE_CHECKING:
    from accounts.models import User

Answer = TypeVar("Answer")

AWAY = "{provider} does not answer just now. Try again in a few minutes; what it did nevertheless shows then."
REFUSED = "{provider} refused: {words}"
NO_WORDS = "it says no more. Try another way to pay, or write to us."
STILL_AT_IT = "We are still at what you asked for last. Wait a moment, then look at your plan."


class ProviderDown(Away):
    """The provider could not be asked, or did not answer; the text is for the person. Nothing of ours has changed."""


@contextmanager
def alone_with(user: User) -> Iterator[None]:
    """A transaction in which nothing else is done to this person's subscriptions. Raises ProviderDown if it is busy."""
    try:
        with locked(user.pk), one_talk():
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            # Their own other tab, mostly, which waits for a slow provider.
            raise ProviderDown(STILL_AT_IT) from error
        raise


def act(subscription: Subscription, user: User, deed: Callable[[Gateway], None]) -> Subscription:
    """Have the provider do something, and record how the subscription stands then. Under the lock."""
    gateway = gateway_of(subscription.provider)
    asked(gateway, lambda: deed(gateway))
    return look_again(subscription, user)


def look_again(subscription: Subscription, user: User) -> Subscription:
    gateway = gateway_of(subscription.provider)
    return asked(gateway, lambda: follow(subscription, subscription.reference, Why(Cause.MEMBER, by=user)))


def asked(gateway: Gateway, question: Callable[[], Answer]) -> Answer:
    """The provider's answer, its refusals in words for the person."""
    name = Provider(gateway.provider).label
    try:
        return question()
    except ProviderAway as away:
        raise ProviderDown(AWAY.format(provider=name)) from away
    except Refused as refusal:
        words = REFUSED.format(provider=name, words=refusal.words or NO_WORDS)
        raise ValidationError(words, code="refused") from refusal
    except NotThere as gone:
        raise ProviderDown(AWAY.format(provider=name)) from gone
