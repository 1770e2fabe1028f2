"""Copying Stripe's own objects into dj-stripe's tables, for staff to look at. Nothing of ours hangs on them."""

from __future__ import annotations

import logging

from django.utils import timezone

from billing.gateways.base import NotThere
from billing.gateways.stripe.mirror import mirror_subscription
from billing.models import Subscription

logger = logging.getLogger(__name__)

MOST = 500  # in a run; the rest is for the next


def mirror_changed() -> int:
    """Copy what may have changed since the last time; returns of how many subscriptions. Raises ProviderAway."""
    mirrored = 0
    for subscription in Subscription.objects.to_mirror().exclude(reference="")[:MOST]:
        # What changes from here on is for the next run.
        began = timezone.now()
        try:
            mirror_subscription(subscription.reference)
        except NotThere:
            logger.error("subscription %s is not at Stripe, and is not copied", subscription.pk)
        Subscription.objects.filter(pk=subscription.pk).update(mirrored_at=began)
        mirrored += 1
    return mirrored
