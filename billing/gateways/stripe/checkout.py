"""Stripe's pages on which members pay for the first time, and change their card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from billing.gateways.base import Checkout, Refused
from billing.gateways.stripe.client import answer_of, client, in_our_words, moment, once, read
from billing.gateways.stripe.customers import customer_of

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsSubscriptionData

    from accounts.models import User
    from billing.models import Subscription


@in_our_words()
def start(subscription: Subscription, *, return_url: str, cancel_url: str, trial_days: int) -> Checkout:
    """Begin the checkout for this row, good for a day; asked again for the same row, it is the same checkout."""
    user = subscription.user
    assert user is not None  # noqa: S101 - a row loses its person when the account goes, and is not begun then
    params = session_of(subscription, customer_of(user), trial_days)
    params["success_url"], params["cancel_url"] = return_url, cancel_url
    # With the time, since the rows of another database have the same numbers.
    key = once("checkout", subscription.pk, subscription.created_at)
    session = answer_of(client().v1.checkout.sessions.create(params=params, options={"idempotency_key": key}))
    return Checkout(session["id"], session["url"], moment(session["expires_at"]))


def session_of(subscription: Subscription, customer: str, trial_days: int) -> SessionCreateParams:
    """Reckoned from the row alone, so that what is asked again is the same."""
    ours = {"subscription": str(subscription.pk)}
    data: SessionCreateParamsSubscriptionData = {"metadata": ours}
    if trial_days:
        data["trial_period_days"] = trial_days
        data["trial_settings"] = {"end_behavior": {"missing_payment_method": "cancel"}}
    return {
        "mode": "subscription",
        "client_reference_id": ours["subscription"],
        "metadata": ours,
        "subscription_data": data,
        "customer": customer,
        # Stripe wants this for tax ids and taxes.
        "customer_update": {"name": "auto", "address": "auto"},
        "line_items": [{"price": subscription.price.stripe_id, "quantity": 1}],
        "allow_promotion_codes": True,
        "automatic_tax": {"enabled": settings.STRIPE_AUTOMATIC_TAX},
        "billing_address_collection": "auto",
        "payment_method_collection": "always",
        "tax_id_collection": {"enabled": True},
        "locale": "auto",
    }


@in_our_words()
def give_up(checkout_reference: str) -> None:
    """Close a checkout, so that nobody pays in it any more. One that is over already is no error."""
    try:
        with in_our_words():
            client().v1.checkout.sessions.expire(checkout_reference)
    except Refused:
        if read("checkout", "sessions", checkout_reference)["status"] == "open":
            raise


@in_our_words()
def find(subscription: Subscription) -> str:
    """The reference of the subscription that came of this row's checkout; empty as long as there is none."""
    if not subscription.checkout_reference:
        return ""
    return read("checkout", "sessions", subscription.checkout_reference)["subscription"] or ""


@in_our_words()
def portal_url(user: User, subscription: Subscription, *, return_url: str) -> str:
    """Stripe's page for cards, addresses and tax ids."""
    # Not that of the mirror: somebody who came back may have had several.
    customer = read("subscriptions", subscription.reference)["customer"]
    session = client().v1.billing_portal.sessions.create(params={"customer": customer, "return_url": return_url})
    return session.url
