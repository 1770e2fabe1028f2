"""Asking us for a plan by contract."""

from __future__ import annotations

from django.db import transaction

from billing.emails.staff import contact_requested
from billing.models import ContactRequest
from common import limits

OF_ONE_NETWORK = "5/h"


@transaction.atomic
def contact(*, name: str, email: str, organisation: str, seats: int, message: str, network: str) -> ContactRequest:
    """Keep what somebody asks for, and mail it to our staff. Raises Limited; ValidationError by field."""
    limits.spend("contact", network, OF_ONE_NETWORK)
    request = ContactRequest(
        name=name.strip(), email=email, organisation=organisation.strip(), seats=seats, message=message.strip()
    )
    request.full_clean()
    request.save(force_insert=True)
    contact_requested(request=request)
    return request
