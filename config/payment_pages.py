"""Where the payment providers are: their APIs, real or pretended, and their pages, on which people consent and pay."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from common.origins import origin_of
from config.env import EnvironmentIncomplete

# Base address of an API → the origins of its pages.
PAGES = {
    "https://api.stripe.com": (
        "https://checkout.stripe.com",
        "https://billing.stripe.com",
        "https://invoice.stripe.com",
        "https://pay.stripe.com",
    ),
    "https://api-m.paypal.com": ("https://www.paypal.com",),
    "https://api-m.sandbox.paypal.com": ("https://www.sandbox.paypal.com",),
}
LIVE_KEYS = ("sk_live_", "rk_live_")


def page_origins(*bases: str) -> list[str]:
    """The origins of the pages of these APIs; any other than the providers' own has its pages where it is itself."""
    return list(dict.fromkeys(origin for base in bases for origin in PAGES.get(base, (origin_of(base),))))


def is_pretended(base: str) -> bool:
    """Whether a stand-in on this very machine takes the provider's place."""
    host = (urlsplit(base).hostname or "").removesuffix(".")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def require_real_providers(bases: dict[str, str], *, stripe_key: str, stand_ins_allowed: bool) -> None:
    """Refuse addresses that are none, and stand-ins where they are not allowed or money could move beside them.

    `bases` are the variables with their values. Raises EnvironmentIncomplete, which names those at fault.
    """
    if wrong := [name for name, base in bases.items() if not origin_of(base)]:
        raise EnvironmentIncomplete(f"{', '.join(wrong)} must be an address such as https://api.stripe.com .")
    unreal = [name for name, base in bases.items() if is_pretended(base) or not base.startswith("https://")]
    if unreal and stripe_key.startswith(LIVE_KEYS):
        raise EnvironmentIncomplete(
            f"STRIPE_SECRET_KEY charges real money, so {', '.join(unreal)} must be https:// and not this machine."
        )
    if unreal and not stand_ins_allowed:
        raise EnvironmentIncomplete(
            f"{', '.join(unreal)} must be https:// and not this machine when DEBUG is off"
            " (unless ALLOW_PRETENDED_PAYMENTS=true)."
        )
