"""To the provider's page and back; nothing is promised here that is not recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import member
from billing.forms.subscriptions import WaitingForm, WishForm
from billing.limits import knock
from billing.models import State, Subscription
from billing.services import subscribing
from billing.services.subscribing import Wish, current_subscription
from billing.views import REFUSALS, addresses, show
from billing.views.pricing import show_pricing
from billing.words import what_next
from common.forms import cleaned

if TYPE_CHECKING:
    from django.http import HttpRequest

# Seconds after which somebody may have us ask the provider, and after which the page no longer looks by itself.
OFFERS_TO_CHECK, GIVES_UP = 10, 300
THERE, NOTHING, WAITING, LATE, TIRED = "there", "nothing", "waiting", "late", "tired"
NOT_YET = "{provider} knows of no payment yet."


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """On to the provider's page; whoever pays already is asked about the change first."""
    user = member(request)
    knock(user)
    form = WishForm(request.POST)
    try:
        asked = cleaned(form)
        subscription = current_subscription(user)
        if subscription is not None and subscription.is_live and not subscribing.is_over(subscription):
            return redirect(f"{reverse('billing:change')}?{query_of(asked)}")
        plan, interval = asked["plan"], asked["interval"]
        there_and_back = addresses(request, plan=plan, interval=interval)
        wish = Wish(plan=plan, interval=interval, provider=asked["provider"], agreed=None, **there_and_back)
        outcome = subscribing.subscribe(user=user, wish=wish)
        if outcome.redirect_url:
            return redirect(outcome.redirect_url)
    except REFUSALS as refusal:
        return show_pricing(request, interval=form.data.get("interval", ""), refusal=refusal)
    return redirect("billing:settings")


def query_of(asked: dict[str, Any]) -> str:
    return urlencode({name: asked[name] for name in ("plan", "interval")})


@never_cache
@require_safe
def checkout_return(request: HttpRequest) -> HttpResponse:
    """Waits for the provider's news: htmx asks again and again, and gets an answer when there is something to say."""
    return show_waiting(request, WaitingForm(request.GET))


def show_waiting(request: HttpRequest, form: WaitingForm, refusal: Exception | None = None) -> HttpResponse:
    asked = form.cleaned_data if form.is_valid() else {}
    now = int(timezone.now().timestamp())
    since = min(asked.get("since") or now, now)
    subscription = current_subscription(member(request))
    stage = stage_of(subscription, asked, seconds=now - since)
    by_htmx = request.htmx  # type: ignore[attr-defined]  # set by HtmxMiddleware
    if by_htmx and stage == asked.get("shown"):
        return HttpResponse(status=204)
    waits_for = {name: asked[name] for name in ("plan", "interval") if asked.get(name)} | {"since": since}
    context = {
        "subscription": subscription,
        "stage": stage,
        "next": what_next(subscription),
        "waits_for": waits_for,
        "again": f"{reverse('billing:checkout_return')}?{urlencode(waits_for)}",
        "look": f"{reverse('billing:checkout_return')}?{urlencode(waits_for | {'shown': stage})}",
    }
    template = "billing/_checkout_state.html" if by_htmx else "billing/checkout_return.html"
    return show(request, template, context, refusal=refusal)


def stage_of(subscription: Subscription | None, asked: dict[str, Any], *, seconds: int) -> str:
    if subscription is None:
        return NOTHING
    if has_come(subscription, asked):
        return THERE
    return WAITING if seconds < OFFERS_TO_CHECK else LATE if seconds < GIVES_UP else TIRED


def has_come(subscription: Subscription, asked: dict[str, Any]) -> bool:
    """Whether our own row says that what somebody waits for is so."""
    if subscription.state in (State.INCOMPLETE, State.PAST_DUE):
        return False
    wanted = (asked.get("plan"), asked.get("interval"))
    prices = [price for price in (subscription.price, subscription.next_price) if price]
    return not all(wanted) or wanted in [(price.plan.code, price.interval) for price in prices]


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Ask the provider now, for somebody whose payment we have not heard of."""
    user = member(request)
    knock(user)
    form = WaitingForm(request.POST)
    try:
        subscription = subscribing.look_for_payment(user=user)
    except REFUSALS as refusal:
        return show_waiting(request, form, refusal)
    asked = form.cleaned_data if form.is_valid() else {}
    if subscription is not None and not has_come(subscription, asked):
        messages.info(request, NOT_YET.format(provider=subscription.get_provider_display()))
    kept = {name: value for name, value in asked.items() if value and name != "shown"}
    return redirect(f"{reverse('billing:checkout_return')}?{urlencode(kept)}")


@require_safe
def checkout_cancelled(request: HttpRequest) -> HttpResponse:
    """Somebody came back without paying: nothing has happened, and they can go on."""
    subscription = current_subscription(member(request))
    return show(request, "billing/checkout_cancelled.html", {"subscription": subscription})
