"""The payment providers behind one interface."""

from __future__ import annotations

from functools import cache

from billing.gateways.base import Gateway
from billing.models import Provider


@cache
def gateway_of(provider: str) -> Gateway:
    """The gateway of a provider. Raises ValueError for one that there is not."""
    from billing.gateways.paypal import PayPal
    from billing.gateways.stripe import Stripe

    gateways: dict[str, type[Gateway]] = {Provider.STRIPE: Stripe, Provider.PAYPAL: PayPal}
    return gateways[Provider(provider)]()


def ready_gateways() -> list[Gateway]:
    """Those whose keys are set, in the order in which members see them."""
    return [gateway for provider in Provider if (gateway := gateway_of(provider)).is_ready()]
