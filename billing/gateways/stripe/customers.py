"""Who somebody is at Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from djstripe.models import Customer

from billing.djstripe_mirror import mirror
from billing.gateways.base import NotThere
from billing.gateways.stripe.client import Thing, answer_of, client, once, read

if TYPE_CHECKING:
    from accounts.models import User


def customer_of(user: User) -> str:
    """The reference of somebody's customer, made if there is none, with the address that they have now."""
    mine = Customer.objects.filter(subscriber=user, livemode=settings.STRIPE_LIVE_MODE)
    known = mine.order_by("-created").values_list("id", flat=True).first() or ""
    customer = living_customer(known) if known else None
    if customer is None:
        customer = new_customer(user, former=known)
    elif customer["email"] != user.email:
        customer = answer_of(client().v1.customers.update(known, params={"email": user.email}))
    else:
        return known
    mirror(customer, subscriber=user)
    return str(customer["id"])


def living_customer(reference: str) -> Thing | None:
    """None if staff have deleted it at Stripe."""
    try:
        customer = read("customers", reference)
    except NotThere:
        return None
    return None if customer.get("deleted") else customer


def new_customer(user: User, *, former: str) -> Thing:
    key = once("customer", user.pk, user.date_joined, user.email, former)
    customer = client().v1.customers.create(
        params={"email": user.email, "metadata": {"user": str(user.pk)}}, options={"idempotency_key": key}
    )
    return answer_of(customer)
