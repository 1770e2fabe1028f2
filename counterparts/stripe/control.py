"""What staff do in Stripe's dashboard, and what banks do: nothing that the platform asks for."""

from __future__ import annotations

from django.urls import path

from counterparts.control import Asked, control
from counterparts.stripe import disputes, refunds
from counterparts.stripe.cards import new_card
from counterparts.stripe.collecting import use_card
from counterparts.stripe.ending import end_now
from counterparts.stripe.events import updating
from counterparts.stripe.store import get
from counterparts.stripe.subscriptions import plan_end
from counterparts.world import Thing, world


@control
def dispute(asked: Asked) -> Thing:
    """A bank takes back a payment: `charge` or `invoice`, `reason`."""
    with world.lock:
        return disputes.dispute(charge_of(asked), asked.get("reason", "fraudulent"))


@control
def close_dispute(asked: Asked) -> Thing:
    """The bank decides: `dispute`, `outcome` (won or lost)."""
    with world.lock:
        return disputes.close(get("dispute", asked["dispute"]), asked["outcome"])


@control
def refund(asked: Asked) -> Thing:
    """Staff give money back: `charge` or `invoice`, `amount` in cents, all of it without one."""
    with world.lock:
        return refunds.refund(charge_of(asked), asked.get("amount"), "requested_by_customer")


def charge_of(asked: Asked) -> Thing:
    return get("charge", asked["charge"]) if "charge" in asked else refunds.charge_of(get("invoice", asked["invoice"]))


@control
def card(asked: Asked) -> Thing:
    """The card of a `customer` becomes another one, approved by its holder: `kind` as in `cards.CARDS`."""
    with world.lock:
        method = new_card(asked["kind"])
        use_card(get("customer", asked["customer"]), method, is_approved=True)
        return method


@control
def cancel(asked: Asked) -> Thing:
    """Staff end a `subscription`: `when` is now, or period_end."""
    with world.lock:
        subscription = get("subscription", asked["subscription"])
        if asked.get("when", "now") == "now":
            end_now(subscription, reason="cancellation_requested")
        else:
            with updating(subscription, "customer.subscription.updated"):
                plan_end(subscription, {"cancel_at_period_end": True})
        return subscription


urlpatterns = [
    path("dispute", dispute),
    path("close_dispute", close_dispute),
    path("refund", refund),
    path("card", card),
    path("cancel", cancel),
]
