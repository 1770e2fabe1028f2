"""Stripe's API, and the pages to which Stripe sends people."""

from __future__ import annotations

from django.urls import path

from counterparts.stripe import (
    accounts,
    cards,
    charges,
    coupons,
    credit_notes,
    customers,
    disputes,
    events,
    intents,
    invoices,
    pending,
    portal,
    products,
    refunds,
    sessions,
    subscription_items,
    subscriptions,
)
from counterparts.stripe.api import resource
from counterparts.stripe.pages import urls as pages

urlpatterns = [
    *accounts.urlpatterns,
    *cards.urlpatterns,
    *charges.urlpatterns,
    *coupons.urlpatterns,
    *credit_notes.urlpatterns,
    *customers.urlpatterns,
    *disputes.urlpatterns,
    *events.urlpatterns,
    *intents.urlpatterns,
    *invoices.urlpatterns,
    *pending.urlpatterns,
    *portal.urlpatterns,
    *products.urlpatterns,
    *refunds.urlpatterns,
    *sessions.urlpatterns,
    *subscription_items.urlpatterns,
    *subscriptions.urlpatterns,
    # What nobody knows is refused in Stripe's words.
    path("v1/<path:rest>", resource()),
    *pages.urlpatterns,
]
