"""Background work of billing."""

from __future__ import annotations

from celery import shared_task

from billing.models import ProviderEvent
from billing.services import applying


@shared_task
def apply_event(pk: int) -> None:
    """Apply a provider's event; one that another has applied meanwhile, or that is gone, is no error."""
    event = ProviderEvent.objects.waiting().filter(pk=pk).first()
    if event is None:
        return
    if event.subject:
        applying.apply(event.provider, event.subject)
    else:
        applying.apply_nameless(event)
