from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from billing.models import Provider
from billing.views import checkout, invitations, managing, organisations, overview, pricing
from billing.webhooks import webhook

app_name = "billing"


class ProviderConverter(StringConverter):
    """One of the providers that there are, by its code."""

    regex = "|".join(Provider.values)


register_converter(ProviderConverter, "provider")

organisation = [
    path("", organisations.organisation, name="organisation"),
    path("leave/", organisations.leave, name="leave_organisation"),
    path("invited/", organisations.invited, name="invited"),
    path("invitations/", organisations.invite, name="invite"),
    path("invitations/<int:pk>/resend/", organisations.resend_invitation, name="resend_invitation"),
    path("invitations/<int:pk>/revoke/", organisations.revoke_invitation, name="revoke_invitation"),
    path("members/<int:pk>/", organisations.edit_member, name="member"),
    path("members/<int:pk>/seat/", organisations.take_seat, name="take_seat"),
    path("members/<int:pk>/seat/give-back/", organisations.give_back_seat, name="give_back_seat"),
    path("members/<int:pk>/ownership/", organisations.hand_over, name="hand_over"),
    path("members/<int:pk>/remove/", organisations.remove_member, name="remove_member"),
]
billing: list[URLPattern | URLResolver] = [
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
    path("organisations/", organisations.organisation_list, name="organisations"),
    path("organisations/<slug:slug>/", include(organisation)),
    path("invitations/", invitations.join, name="join"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
]
urlpatterns = [
    path("pricing/", pricing.pricing, name="pricing"),
    path("billing/", include(billing)),
    path("webhooks/<provider:provider>", webhook, name="webhook"),
]
