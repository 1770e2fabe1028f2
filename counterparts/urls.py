"""Every address of the stand-ins."""

from __future__ import annotations

from django.urls import include, path

from counterparts.pages import style
from counterparts.panel import panel

urlpatterns = [
    path("", panel),
    path("style.css", style),
    path("control/", include("counterparts.control")),
    path("control/stripe/", include("counterparts.stripe.control")),
    path("control/paypal/", include("counterparts.paypal.control")),
    path("stripe/", include("counterparts.stripe.urls")),
    path("paypal/", include("counterparts.paypal.urls")),
]
