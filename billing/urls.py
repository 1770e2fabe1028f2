from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from billing.models import Provider
from billing.views import checkout, managing, overview, pricing
from billing.webhooks import webhook

app_name = "billing"


class ProviderConverter(StringConverter):
    """One of the providers that there are, by its code."""

    regex = "|".join(Provider.values)


register_converter(ProviderConverter, "provider")

billing = [
    path("", overview.settings, name="settings"),
    path("invoices/", overview.invoices, name="invoices"),
    path("checkout/", checkout.start, name="checkout"),
    path("checkout/return/", checkout.checkout_return, name="checkout_return"),
    path("checkout/cancelled/", checkout.checkout_cancelled, name="checkout_cancelled"),
    path("checkout/check/", checkout.check, name="checkout_check"),
    path("change/", managing.change, name="change"),
    path("cancel/", managing.cancel, name="cancel"),
    path("pause/", managing.pause, name="pause"),
    path("resume/", managing.resume, name="resume"),
    path("portal/", managing.portal, name="portal"),
    path("enterprise/", pricing.enterprise, name="enterprise"),
]
urlpatterns = [
    path("pricing/", pricing.pricing, name="pricing"),
    path("billing/", include(billing)),
    path("billing/", include("billing.organisation_urls")),
    path("webhooks/<provider:provider>", webhook, name="webhook"),
]
