"""Stand-ins for the payment providers: what development has where nobody has given it keys.

They are a process of their own (the package `counterparts`), which `manage.py up` runs. The platform knows nothing of
that: it finds keys and base addresses in its environment, as with the real ones.
"""

from __future__ import annotations

import os
from pathlib import Path

# Any of these says that somebody has chosen a provider.
CHOSEN = (
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRETS",
    "STRIPE_API_BASE",
    "PAYPAL_CLIENT_ID",
    "PAYPAL_CLIENT_SECRET",
    "PAYPAL_WEBHOOK_ID",
    "PAYPAL_API_BASE",
)
# Beside the port of the site, and out of the way of a second clone's.
PORTS_APART = 10_000


def assume_stand_in(environment: dict[str, str] | os._Environ[str], folder: Path) -> str:
    """Name the stand-ins in an environment that names no provider; their address, or empty if one was chosen.

    What they keep over a restart lies in `folder`.
    """
    # Each may also lie in a file, as all secrets may.
    if any(environment.get(name) or environment.get(f"{name}_FILE") for name in CHOSEN):
        return ""
    named = environment.get("PORT", "")
    # What is no port is complained of by whoever wants to listen there.
    port = int(named) if named.isdecimal() and 0 < int(named) < 65536 else 8000
    url = f"http://127.0.0.1:{port + PORTS_APART if port + PORTS_APART < 65536 else port - PORTS_APART}"
    environment.update(
        {
            "COUNTERPARTS_URL": url,
            "COUNTERPARTS_STATE": str(folder / "state.json"),
            "STRIPE_API_BASE": f"{url}/stripe",
            # In the shape of real ones, or dj-stripe does not take them.
            "STRIPE_SECRET_KEY": "sk_test_" + "0" * 24,
            "STRIPE_WEBHOOK_SECRETS": "whsec_" + "0" * 32,
            "PAYPAL_API_BASE": f"{url}/paypal",
            "PAYPAL_CLIENT_ID": "stand-in-client",
            "PAYPAL_CLIENT_SECRET": "stand-in-secret",
            "PAYPAL_WEBHOOK_ID": "0STANDIN00000000W",
            "PAYPAL_CA_FILE": str(folder / "paypal-ca.pem"),
        }
    )
    return url
