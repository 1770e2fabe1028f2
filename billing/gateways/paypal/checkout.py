"""PayPal's pages on which members consent for the first time, and see to their wallet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from billing.gateways.base import Checkout, NotThere
from billing.gateways.paypal.client import call, get, in_our_words, link_in, once, stamp

if TYPE_CHECKING:
    from accounts.models import User
    from billing.models import Subscription

SUBSCRIPTIONS = "/v1/billing/subscriptions"
# So long PayPal's page can be consented to.
LASTS = timedelta(hours=3)
# Base address of the API → where the pages are; any other has them beneath itself.
PAGES = {
    "https://api-m.paypal.com": "https://www.paypal.com",
    "https://api-m.sandbox.paypal.com": "https://www.sandbox.paypal.com",
}


@in_our_words()
def start(subscription: Subscription, *, return_url: str, cancel_url: str, trial_days: int) -> Checkout:
    """Begin the checkout for this row; asked again for the same row, it is the same checkout.

    A trial is a first payment that comes later: it may differ from person to person, where a plan's own may not.
    """
    body: dict[str, Any] = {
        "plan_id": subscription.price.paypal_id,
        "custom_id": str(subscription.pk),
        "application_context": context(return_url, cancel_url),
    }
    if trial_days:
        body["start_time"] = stamp(subscription.created_at + timedelta(days=trial_days))
    # With the time, since the rows of another database have the same numbers.
    key = once("checkout", subscription.pk, subscription.created_at)
    made = call("POST", SUBSCRIPTIONS, json=body, key=key)
    return Checkout(made["id"], page_in(made), subscription.created_at + LASTS)


def context(return_url: str, cancel_url: str) -> dict[str, Any]:
    return {
        "brand_name": settings.SITE_NAME,
        "locale": "en-GB",
        "shipping_preference": "NO_SHIPPING",
        "user_action": "SUBSCRIBE_NOW",
        "payment_method": {"payer_selected": "PAYPAL", "payee_preferred": "IMMEDIATE_PAYMENT_REQUIRED"},
        "return_url": return_url,
        "cancel_url": cancel_url,
    }


def page_in(answer: dict[str, Any]) -> str:
    """Where the member consents. Raises ValueError if there is no such link."""
    page = link_in(answer, "approve")
    if not page:
        raise ValueError("no page to consent on")
    return page


def give_up(checkout_reference: str) -> None:
    """PayPal has no way to close its page, which closes by itself after three hours.

    If somebody consents there nevertheless, it is told like any other consent, and looked at then.
    """


@in_our_words()
def find(subscription: Subscription) -> str:
    """The reference of the subscription that came of this row's checkout; empty as long as nobody has consented."""
    reference = subscription.checkout_reference
    if not reference:
        return ""
    try:
        status = get(f"{SUBSCRIPTIONS}/{reference}")["status"]
    except NotThere:
        # It forgets what nobody consented to.
        return ""
    return "" if status in ("APPROVAL_PENDING", "APPROVED") else reference


def portal_url(user: User, subscription: Subscription, *, return_url: str) -> str:
    """PayPal's page for what somebody pays automatically. It leads back nowhere."""
    return f"{pages_base()}/myaccount/autopay/connect/{subscription.reference}"


def pages_base() -> str:
    base: str = settings.PAYPAL_API_BASE
    return PAGES.get(base, base)
