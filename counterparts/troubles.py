"""What goes wrong with a provider's API when a test, or a person at the panel, wants it so."""

from __future__ import annotations

import threading

from django.http import HttpResponse

from counterparts.webhooks import Provider
from counterparts.world import world


def troubled(provider: Provider) -> HttpResponse | None:
    """The answer of an API in trouble; None if it is well, and late if it is slow."""
    trouble = world.troubles.get(provider, "")
    if trouble == "down":
        return HttpResponse("upstream unavailable", status=503, content_type="text/plain")
    if trouble == "nonsense":
        return HttpResponse("<!doctype html><title>Hello</title><p>This is not what you asked for.")
    if trouble == "slow":
        threading.Event().wait(world.slow_seconds)
    return None
