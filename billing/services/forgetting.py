"""What billing forgets by itself."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from billing.models import ProviderEvent

# Longer than either provider remembers what it told.
EVENTS_KEPT = timedelta(days=90)
BATCH = 5_000


def forget_contents() -> int:
    """Empty what was told long ago, names and addresses among it; that it was told stays. Returns how many events.

    What waits for somebody of the staff keeps its content. May be cut off any time.
    """
    old = ProviderEvent.objects.with_content().settled().filter(received_at__lt=timezone.now() - EVENTS_KEPT)
    forgotten = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        forgotten += ProviderEvent.objects.filter(pk__in=keys).update(body={})
    return forgotten
