"""Stand-ins for Stripe and PayPal: a process of its own on loopback, with which billing works where there are no keys.

It speaks enough of both REST APIs for the whole life of a subscription, shows the pages to which the providers
send people, and signs its webhooks as they do. The platform knows it only as a base address with keys
(docs/billing.md) and imports nothing of it; it imports nothing of the platform.
"""
