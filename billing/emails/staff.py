"""Mails to our own staff."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from billing.models import ContactRequest
from common import mail
from common.addresses import absolute


def contact_requested(*, request: ContactRequest) -> None:
    """They answer it as a mail: an answer goes to whoever asked."""
    page = reverse("admin:billing_contactrequest_change", args=[request.pk])
    mail.send(
        "contact_request",
        to=settings.STAFF_EMAIL,
        context={"request": request, "url": absolute(page)},
        headers={"Reply-To": request.email},
    )
