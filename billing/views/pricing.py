"""What it costs, and whom to ask for more than one seat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from billing.access import PREMIUM, may_read
from billing.forms.subscriptions import ContactForm
from billing.gateways import ready_gateways
from billing.models import Plan
from billing.pricing import columns
from billing.services.contacting import contact as send_request
from billing.services.rights import GRACE
from billing.services.subscribing import MOST_PAUSED, current_subscription
from billing.views import show
from billing.words import why_access
from common.client import client_address, network_of
from common.forms import submit

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FREE_PLAN = "free"


@login_not_required
@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    return show_pricing(request, interval=request.GET.get("interval", ""))


def show_pricing(request: HttpRequest, *, interval: str, refusal: Exception | None = None) -> HttpResponse:
    """The plans, for visitors, and for members with the one that they have."""
    subscription = current_subscription(request.user) if request.user.is_authenticated else None
    live = subscription if subscription and subscription.is_live else None
    access = may_read(request.user, PREMIUM)
    current = live.price.plan.code if live else FREE_PLAN if request.user.is_authenticated else ""
    plans = list(Plan.objects.with_prices())
    context: dict[str, Any] = {
        "columns": columns(plans, current=current, interval=interval or (live.price.interval if live else "")),
        "subscription": live,
        "in_checkout": subscription if not live else None,
        "open_already": why_access(access) if access.allowed and not live else "",
        "providers": [gateway.provider for gateway in ready_gateways()],
        "grace_days": GRACE.days,
        "most_paused": MOST_PAUSED,
    }
    return show(request, "billing/pricing.html", context, refusal=refusal)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def enterprise(request: HttpRequest) -> HttpResponse:
    """Somebody asks for a plan by contract; our staff answer by mail."""
    if request.method != "POST":
        known = {"name": request.user.name, "email": request.user.email} if request.user.is_authenticated else {}
        return show(request, "billing/enterprise.html", {"form": ContactForm(initial=known)})
    form = ContactForm(request.POST)
    if not submit(form, lambda: send_request(**form.cleaned_data, network=network_of(client_address(request)))):
        return show(request, "billing/enterprise.html", {"form": form})
    messages.success(request, "It is with us. We answer by mail.")
    return redirect("billing:pricing")
