"""Subscribe, change, cancel and pause, and read what was paid."""

from __future__ import annotations

from rest_framework import status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from billing.agreements import unseal
from billing.api import shapes
from billing.api.representations import invoice_item, preview_item, subscription_item
from billing.api.serializers import ChangeSerializer, PauseSerializer, WishSerializer
from billing.limits import TALKS_OF_ONE_MEMBER, knock
from billing.listing import list_invoices
from billing.services import subscribing
from billing.services.subscribing import Wish
from billing.views import addresses
from common.api import PrivateView, answer, validated
from common.forms import PlaceForm, asked_place
from common.openapi import OF_ONE_PERSON, Limit, Listed, described

TALKS = (Limit(TALKS_OF_ONE_MEMBER, OF_ONE_PERSON),)


class BillingView(PrivateView):
    """A key may read; what costs money, ends what was paid for, or says who has a say, is done by people."""

    @property
    def area(self) -> str | None:
        return "billing" if self.request.method in SAFE_METHODS else None


class SubscriptionView(BillingView):
    @described("Read your subscription", gives=shapes.SubscriptionHeld)
    def get(self, request: Request) -> Response:
        user = member(request)
        return Response(subscription_item(subscribing.current_subscription(user), user))

    @described(
        "Subscribe, change or cancel",
        takes=WishSerializer,
        gives={200: shapes.SubscriptionHeld, 202: shapes.Consent},
        limits=TALKS,
    )
    def put(self, request: Request) -> Response:
        """202: consent is still needed, at `redirect_url`. The same again changes nothing."""
        user = member(request)
        fields = validated(WishSerializer(data=request.data))
        plan, interval, agreed = fields["plan"], fields["interval"], fields.pop("agreed")
        knock(user)
        wish = Wish(
            **fields,
            **addresses(request._request, plan=plan, interval=interval),
            agreed=unseal(agreed, user=user, plan=plan, interval=interval) if agreed else None,
        )
        outcome = subscribing.subscribe(user=user, wish=wish)
        if outcome.redirect_url:
            action = {"state": "requires_action", "redirect_url": outcome.redirect_url}
            return Response(action, status=status.HTTP_202_ACCEPTED)
        return Response(subscription_item(outcome.subscription, user))


class PreviewView(BillingView):
    @described("Preview a change", takes=ChangeSerializer, gives=shapes.ChangePreviewed, limits=TALKS)
    def post(self, request: Request) -> Response:
        """What a change would cost; nothing changes."""
        user = member(request)
        fields = validated(ChangeSerializer(data=request.data))
        knock(user)
        preview = subscribing.preview(user=user, wish=Wish(**fields))
        return Response(preview_item(preview, user=user, **fields))


class PauseView(BillingView):
    """Nothing is charged for so long after what is paid."""

    @described("Pause your subscription", takes=PauseSerializer, gives=shapes.SubscriptionHeld, limits=TALKS)
    def put(self, request: Request) -> Response:
        user = member(request)
        fields = validated(PauseSerializer(data=request.data))
        knock(user)
        return Response(subscription_item(subscribing.pause(user=user, **fields), user))

    @described("End the pause", gives=shapes.SubscriptionHeld, limits=TALKS)
    def delete(self, request: Request) -> Response:
        """At Stripe a new period begins, and is charged at once, if none is paid."""
        user = member(request)
        knock(user)
        return Response(subscription_item(subscribing.unpause(user=user), user))


class InvoicesView(BillingView):
    """What somebody has paid, the latest first."""

    @described("List your invoices", query=PlaceForm, gives=Listed(shapes.InvoiceListed))
    def get(self, request: Request) -> Response:
        page = list_invoices(member(request), **asked_place(PlaceForm(request.query_params)))
        return answer(request, page, invoice_item)
