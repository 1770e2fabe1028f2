"""What buyers and PayPal's staff do without a call of the platform's, for tests and for the panel."""

from __future__ import annotations

from typing import Any

from django.urls import path

from counterparts.control import Asked, control
from counterparts.paypal import approvals, certificates, sales
from counterparts.paypal.agreements import behind
from counterparts.world import world


@control
def approve(asked: Asked) -> str:
    """The buyer agrees to what was asked last: subscription `id`, with `wallet` (works, fails_later, fails)."""
    with world.lock:
        consents = [each for each in world.things["paypal.consent"].values() if each["subscription"] == asked["id"]]
        approvals.agree(consents[-1], asked.get("wallet", "works"))
        return status_of(asked["id"])


@control
def cancel(asked: Asked) -> str:
    """The buyer cancels subscription `id` in their account."""
    with world.lock:
        approvals.cancel_by_buyer(world.things["paypal.subscription"][asked["id"]])
        return status_of(asked["id"])


@control
def wallet(asked: Asked) -> str:
    """The `wallet` of the buyer of subscription `id` works, or fails."""
    with world.lock:
        hidden = behind(world.things["paypal.subscription"][asked["id"]])
        hidden["wallet"] = asked["wallet"]
        return str(hidden["wallet"])


@control
def refund(asked: Asked) -> Any:
    """Staff give back `amount` (in the smallest unit; all that is left without it) of `sale` on PayPal's pages."""
    with world.lock:
        return sales.refund(asked["sale"], asked.get("amount"), asked.get("reason", ""))


@control
def reverse(asked: Asked) -> Any:
    """The bank takes `sale` back."""
    with world.lock:
        return sales.reverse(asked["sale"])


@control
def dispute(asked: Asked) -> Any:
    """The buyer opens a dispute about `sale`."""
    with world.lock:
        return sales.dispute(asked["sale"], asked.get("reason", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"))


@control
def resolve(asked: Asked) -> Any:
    """The `dispute` ends; `for_buyer` says in whose favour."""
    with world.lock:
        return sales.resolve(asked["dispute"], for_buyer=asked["for_buyer"])


@control
def certificate(asked: Asked) -> str:
    """With which certificate webhooks are signed from now on: `kind`, see certificates.KINDS."""
    with world.lock:
        world.things["paypal.choice"]["certificate"] = {"kind": asked["kind"]}
        return str(asked["kind"])


@control
def authority(asked: Asked) -> str:
    """The certificate (PEM) of who vouches for the good one."""
    return certificates.authority_pem().decode()


def status_of(subscription_id: str) -> str:
    return str(world.things["paypal.subscription"][subscription_id]["status"])


urlpatterns = [
    path("approve", approve),
    path("cancel", cancel),
    path("wallet", wallet),
    path("refund", refund),
    path("reverse", reverse),
    path("dispute", dispute),
    path("resolve", resolve),
    path("certificate", certificate),
    path("authority", authority),
]
