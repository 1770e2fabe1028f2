"""The providers' own pages, to which we send members."""

from __future__ import annotations

import logging

from django.conf import settings

from billing.services.asking import ProviderDown
from common.origins import origin_of

logger = logging.getLogger(__name__)

NONSENSE = "We were given an address that is none of the payment provider's. Nothing was paid; try again later."


def require_payment_page(url: str) -> str:
    """The address itself, if it is one of a provider's pages. Raises ProviderDown: what answered was no provider."""
    origin = origin_of(url)
    if not origin or origin not in settings.PAYMENT_PAGE_ORIGINS:
        logger.error("a page to pay on is not where the provider has its pages, but at %s", origin or "nothing")
        raise ProviderDown(NONSENSE)
    return url
