"""What the copies of Stripe's objects hold about people: all of it goes with the person.

What the law wants kept of an invoice is in our own.
"""

from __future__ import annotations

from typing import Any

from djstripe import models as stripe

from accounts.personal_data import Holding, register

# What Stripe said is exported as it is, and whole.
EXPORTED = ("id", "created", "stripe_data")
REPEATED = "it repeats what stands in “stripe_data”, or says when we took it over"


def copies(model: Any, title: str, path: str) -> Holding:
    columns = {field.name for field in model._meta.concrete_fields if not field.primary_key}
    left_out = columns - {*EXPORTED, path.split("__", maxsplit=1)[0]}
    return Holding(model, title=title, path=path, exported=EXPORTED, left_out=dict.fromkeys(sorted(left_out), REPEATED))


register(
    copies(stripe.Customer, "What Stripe says of you as a customer", "subscriber"),
    copies(stripe.PaymentMethod, "What Stripe says of your cards and other ways to pay", "customer__subscriber"),
    copies(stripe.Subscription, "What Stripe says of your subscriptions", "customer__subscriber"),
    copies(
        stripe.SubscriptionItem,
        "What Stripe says of the parts of your subscriptions",
        "subscription__customer__subscriber",
    ),
    copies(stripe.Invoice, "What Stripe says of your invoices", "customer__subscriber"),
    copies(stripe.Charge, "What Stripe says of your payments", "customer__subscriber"),
    copies(stripe.Refund, "What Stripe says of what you were given back", "charge__customer__subscriber"),
    copies(stripe.Dispute, "What Stripe says of payments that you disputed", "charge__customer__subscriber"),
)
