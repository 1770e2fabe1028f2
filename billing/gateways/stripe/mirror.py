"""dj-stripe's tables, brought up to date for staff to look at. Nothing of ours hangs on them, so it may be late."""

from __future__ import annotations

from billing.djstripe_mirror import mirror
from billing.gateways.stripe.client import in_our_words
from billing.gateways.stripe.invoices import charges_for, invoices_of
from billing.gateways.stripe.truth import subscription_at


@in_our_words()
def mirror_subscription(reference: str) -> None:
    """A subscription with its customer, card, prices, invoices and charges, as they are now. Raises NotThere."""
    subscription = subscription_at(reference)
    invoices = invoices_of(reference)
    mirror(subscription, *invoices, *charges_for(invoices))
