"""Stripe, as billing sees it; each of its methods stands in the module of its subject."""

from __future__ import annotations

from django.conf import settings

from billing.gateways.stripe import catalogue, changes, checkout, news, truth
from billing.models import Provider


class Stripe:
    """Implements billing.gateways.base.Gateway."""

    provider = Provider.STRIPE

    def is_ready(self) -> bool:
        return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRETS)

    read_webhook = staticmethod(news.read_webhook)
    subject_of = staticmethod(news.subject_of)
    news_since = staticmethod(news.news_since)

    sync_plan = staticmethod(catalogue.sync_plan)
    sync_price = staticmethod(catalogue.sync_price)

    start = staticmethod(checkout.start)
    give_up = staticmethod(checkout.give_up)
    find = staticmethod(checkout.find)
    portal_url = staticmethod(checkout.portal_url)

    fetch = staticmethod(truth.fetch)
    live_references = staticmethod(truth.live_references)

    preview = staticmethod(changes.preview)
    change_price = staticmethod(changes.change_price)
    cancel_at_period_end = staticmethod(changes.cancel_at_period_end)
    resume = staticmethod(changes.resume)
    pause = staticmethod(changes.pause)
    unpause = staticmethod(changes.unpause)
    cancel_now = staticmethod(changes.cancel_now)
    refund = staticmethod(changes.refund)
