"""PayPal's addresses."""

from __future__ import annotations

from django.urls import include, path

from counterparts.paypal import approvals, certificates, notifications, plans, products, sales, subscriptions, tokens
from counterparts.paypal.api import calls

plan_urls = [
    path("", calls(POST=plans.create, GET=plans.listed)),
    path("/<plan_id>", calls(GET=plans.show, PATCH=plans.change)),
    path("/<plan_id>/activate", calls(POST=plans.activate)),
    path("/<plan_id>/deactivate", calls(POST=plans.deactivate)),
    path("/<plan_id>/update-pricing-schemes", calls(POST=plans.update_pricing)),
]
subscription_urls = [
    path("", calls(POST=subscriptions.create)),
    path("/<subscription_id>", calls(GET=subscriptions.show, PATCH=subscriptions.change)),
    path("/<subscription_id>/revise", calls(POST=subscriptions.revise)),
    path("/<subscription_id>/suspend", calls(POST=subscriptions.suspend)),
    path("/<subscription_id>/cancel", calls(POST=subscriptions.cancel)),
    path("/<subscription_id>/activate", calls(POST=subscriptions.activate)),
    path("/<subscription_id>/capture", calls(POST=subscriptions.capture)),
    path("/<subscription_id>/transactions", calls(GET=subscriptions.transactions)),
]
notification_urls = [
    path("certs/<name>", certificates.certificate),
    path("webhooks", calls(GET=notifications.webhooks)),
    path("webhooks/<webhook_id>", calls(GET=notifications.webhook)),
    path("webhooks-event-types", calls(GET=notifications.event_types)),
    path("webhooks-events", calls(GET=notifications.sent)),
    path("webhooks-events/<event_id>", calls(GET=notifications.event)),
    path("webhooks-events/<event_id>/resend", calls(POST=notifications.resend)),
    path("verify-webhook-signature", calls(POST=notifications.verify)),
]
urlpatterns = [
    path("v1/oauth2/token", tokens.token),
    path("v1/catalogs/products", calls(POST=products.create, GET=products.listed)),
    path("v1/catalogs/products/<product_id>", calls(GET=products.show, PATCH=products.change)),
    path("v1/billing/plans", include(plan_urls)),
    path("v1/billing/subscriptions", include(subscription_urls)),
    path("v1/payments/sale/<sale_id>", calls(GET=sales.show)),
    path("v1/payments/sale/<sale_id>/refund", calls(POST=sales.refund_by_merchant)),
    path("v1/notifications/", include(notification_urls)),
    path("webapps/billing/subscriptions", approvals.approval),
    path("webapps/billing/subscriptions/update", approvals.approval),
    path("activity/payment/<sale_id>", approvals.receipt),
    path("myaccount/autopay/connect/<subscription_id>", approvals.autopay),
]
