"""What members do with their subscription: change, cancel, pause, go on, and how they pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import member
from billing.access import PREMIUM, may_read
from billing.agreements import seal, unseal
from billing.forms.subscriptions import CancelForm, PauseForm, WishForm
from billing.limits import knock, knock_to_leave
from billing.models import Price
from billing.services import subscribing
from billing.services.subscribing import Wish
from billing.views import REFUSALS, addresses, show, words_of
from billing.views.overview import ACTIONS, show_overview
from billing.words import what_next
from common.forms import cleaned

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

NO_CHANGE = "That is what you have already."


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """First what a change costs, to the cent and the day; with their yes it is done, and no other sum is charged."""
    user = member(request)
    if request.method != "POST":
        return show_change(request, WishForm(request.GET) if "plan" in request.GET else None)
    knock(user)
    form = WishForm(request.POST)
    try:
        asked = cleaned(form)
        plan, interval = asked["plan"], asked["interval"]
        agreed = unseal(asked["agreed"], user=user, plan=plan, interval=interval)
        wish = Wish(plan=plan, interval=interval, agreed=agreed, **addresses(request, plan=plan, interval=interval))
        outcome = subscribing.subscribe(user=user, wish=wish)
        if outcome.redirect_url:
            return redirect(outcome.redirect_url)
    except REFUSALS as refusal:
        return show_change(request, form, refusal=refusal)
    messages.success(request, f"Changed. {what_next(outcome.subscription)}")
    return redirect("billing:settings")


def show_change(request: HttpRequest, form: WishForm | None, refusal: Exception | None = None) -> HttpResponse:
    """What there is to change to; the preview of it, if it is named or the only one."""
    user = member(request)
    subscription = subscribing.current_subscription(user)
    if subscription is None or not subscription.is_live:
        tell(request, refusal)
        return redirect("billing:pricing")
    offers = list(Price.objects.besides(subscription.price))
    context: dict[str, Any] = {"subscription": subscription, "offers": offers}
    if form is None and len(offers) == 1:
        form = WishForm({"plan": offers[0].plan.code, "interval": offers[0].interval})
    if form is None:
        return show(request, "billing/change.html", context)
    try:
        asked = cleaned(form)
        knock(user)
        preview = subscribing.preview(user=user, wish=Wish(plan=asked["plan"], interval=asked["interval"]))
    except REFUSALS as error:
        return show(request, "billing/change.html", context, refusal=refusal or error)
    if preview is None:
        messages.info(request, NO_CHANGE)
        return redirect("billing:settings")
    plan, interval = asked["plan"], asked["interval"]
    context |= {
        "preview": preview,
        "to": next((price for price in offers if (price.plan.code, price.interval) == (plan, interval)), None),
        "agreed": seal(preview, user=user, plan=plan, interval=interval),
        "credit": -preview.due_now,
    }
    return show(request, "billing/change.html", context, refusal=refusal)


def tell(request: HttpRequest, refusal: Exception | None) -> None:
    """On the next page, where the one with the form makes no sense any more."""
    for words in words_of(refusal) if refusal else ():
        messages.error(request, words)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Ask why, and offer a pause; neither stands in the way."""
    user = member(request)
    if request.method != "POST":
        return show_cancel(request, CancelForm())
    knock_to_leave(user)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return show_cancel(request, form)
    try:
        subscription = subscribing.cancel(user=user, **form.cleaned_data)
    except REFUSALS as refusal:
        return show_cancel(request, form, refusal=refusal)
    messages.success(request, f"Cancelled. {what_next(subscription)}")
    return redirect("billing:settings")


def show_cancel(request: HttpRequest, form: CancelForm, refusal: Exception | None = None) -> HttpResponse:
    subscription = subscribing.current_subscription(member(request))
    actions = ACTIONS[subscription.state] if subscription else ()
    if subscription is None or "cancel" not in actions:
        tell(request, refusal)
        return redirect("billing:settings")
    context = {
        "subscription": subscription,
        "form": form,
        "pause_form": PauseForm() if "pause" in actions else None,
        "kept": may_read(member(request), PREMIUM),
    }
    return show(request, "billing/cancel.html", context, refusal=refusal)


@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    user = member(request)
    knock(user)
    try:
        subscription = subscribing.pause(user=user, months=cleaned(PauseForm(request.POST))["months"])
    except REFUSALS as refusal:
        return show_overview(request, refusal=refusal)
    messages.success(request, f"Paused. {what_next(subscription)}")
    return redirect("billing:settings")


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Take back a cancellation or a pause."""
    user = member(request)
    knock(user)
    try:
        subscription = subscribing.resume(user=user)
    except REFUSALS as refusal:
        return show_overview(request, refusal=refusal)
    messages.success(request, f"It goes on. {what_next(subscription)}")
    return redirect("billing:settings")


@require_POST
def portal(request: HttpRequest) -> HttpResponse:
    """On to the provider's page for cards and addresses."""
    user = member(request)
    knock(user)
    back = request.build_absolute_uri(reverse("billing:settings"))
    try:
        return redirect(subscribing.portal_url(user=user, return_url=back))
    except REFUSALS as refusal:
        return show_overview(request, refusal=refusal)
