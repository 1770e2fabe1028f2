"""The addresses of the hosted pages."""

from __future__ import annotations

from django.urls import path

from counterparts.stripe.pages.checkout import checkout
from counterparts.stripe.pages.invoice import invoice, pdf
from counterparts.stripe.pages.portal import portal
from counterparts.stripe.pages.secure import secure

urlpatterns = [
    path("checkout/<session_id>", checkout),
    path("invoices/<invoice_id>", invoice),
    path("invoices/<invoice_id>/pdf", pdf),
    path("portal/<session_id>", portal),
    path("secure/<approval_id>", secure),
]
