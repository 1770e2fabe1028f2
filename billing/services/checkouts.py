"""Checkouts: how a subscription begins at a provider, and what becomes of those that nobody finishes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from billing.gateways import gateway_of, ready_gateways
from billing.gateways.base import Gateway
from billing.models import Cause, Price, Provider, Subscription
from billing.payment_pages import require_payment_page
from billing.services.asking import ProviderDown, asked
from billing.services.recording import Why
from billing.services.truth import follow

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

UNKNOWN_PROVIDER = "There is no such way to pay. Choose from: {providers}."
UNCONFIRMED = "Confirm your e-mail address before you pay: the link is in the mail that we have sent you."
NOT_ON_SALE = "{plan} cannot be bought this way just now. Try again later, or another way to pay."


def begin(*, user: User, price: Price, provider: str, return_url: str, cancel_url: str) -> Subscription:
    """Start a checkout, or go on with the one that was begun for the same; one for something else is given up.

    One that turns out to be paid is what they have now. One at another provider, which is away, keeps nobody from
    paying here: should both be paid, one is given back. Under the lock. Raises PermissionDenied; ValidationError by
    field; ProviderDown.
    """
    if not user.is_confirmed:
        raise PermissionDenied(UNCONFIRMED)
    gateway = find_gateway(provider)
    require_known(price, gateway)
    begun = list(Subscription.objects.of(user).in_checkout(timezone.now()))
    for open_one in begun:
        with forgiving(open_one, gateway):
            if is_paid(open_one, user):
                return open_one
    for open_one in begun:
        if open_one.price_id == price.pk and open_one.provider == gateway.provider:
            return open_one
    subscription = Subscription.objects.create(user=user, price=price, provider=gateway.provider)
    checkout = asked(
        gateway,
        lambda: gateway.start(
            subscription, return_url=return_url, cancel_url=cancel_url, trial_days=trial_days(user, price)
        ),
    )
    subscription.checkout_reference = checkout.reference
    subscription.checkout_url = require_payment_page(checkout.url)
    subscription.checkout_expires_at = checkout.expires_at
    subscription.save(update_fields=["checkout_reference", "checkout_url", "checkout_expires_at"])
    for open_one in begun:
        # Only now: without the new one the old one must stay good.
        with forgiving(open_one, gateway):
            give_up(open_one)
        close(open_one)
    return subscription


@contextmanager
def forgiving(begun: Subscription, wanted: Gateway) -> Iterator[None]:
    """Go on without the answer of a provider that is away, if it is not the one that is paid at now."""
    try:
        yield
    except ProviderDown:
        if begun.provider == wanted.provider:
            raise
        logger.warning("checkout %s may stay open at %s, which does not answer", begun.pk, begun.provider)


def is_paid(begun: Subscription, user: User) -> bool:
    """Whether somebody has paid in a checkout, of which we have not heard yet; then it is recorded."""
    gateway = gateway_of(begun.provider)
    reference = asked(gateway, lambda: gateway.find(begun))
    if not reference:
        return False
    asked(gateway, lambda: follow(begun, reference, Why(Cause.MEMBER, by=user)))
    return begun.is_live


def find_gateway(provider: str) -> Gateway:
    """That of the provider, or the first if none is named. Raises ValidationError on `provider`."""
    ready = {gateway.provider: gateway for gateway in ready_gateways()}
    if not provider and ready:
        return next(iter(ready.values()))
    if provider not in ready:
        words = UNKNOWN_PROVIDER.format(providers=", ".join(ready) or "none, at the moment")
        raise ValidationError({"provider": ValidationError(words, code="unknown_provider")})
    return ready[Provider(provider)]


def require_known(price: Price, gateway: Gateway) -> None:
    """Raises ValidationError for a price of which the provider has not been told."""
    if not price.reference_at(gateway.provider):
        logger.error("%s is not known to %s: run sync_plans", price, gateway.provider)
        raise ValidationError({"plan": ValidationError(NOT_ON_SALE.format(plan=price.plan), code="not_on_sale")})


def trial_days(user: User, price: Price) -> int:
    """A person tries once: whoever has had a subscription has seen it."""
    had_one = Subscription.objects.filter(user=user, started_at__isnull=False).exists()
    return 0 if had_one else price.plan.trial_days


def give_up(subscription: Subscription) -> None:
    """Have the provider close the page of a checkout that nobody goes on with."""
    gateway = gateway_of(subscription.provider)
    asked(gateway, lambda: gateway.give_up(subscription.checkout_reference))


def close(subscription: Subscription) -> None:
    subscription.checkout_expires_at = timezone.now()
    subscription.checkout_url = ""
    subscription.save(update_fields=["checkout_expires_at", "checkout_url"])
