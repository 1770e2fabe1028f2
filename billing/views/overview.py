"""How somebody's plan stands, and what they have paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.decorators.http import require_safe

from accounts.permissions import member
from billing.access import PREMIUM, may_read
from billing.forms.subscriptions import PauseForm
from billing.history import cause_in_words, step_in_words
from billing.listing import list_invoices
from billing.models import InvoiceStatus, Organisation, RefundKind, State, Subscription, SubscriptionTransition
from billing.services import subscribing
from billing.services.subscribing import current_subscription
from billing.views import show
from billing.words import what_next, why_access
from common.forms import PlaceForm, asked_place, faults_in_words
from common.paging import neighbours

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

SHOWN_INVOICES, SHOWN_STEPS = 3, 10
# State → what can be done in it; all else is refused by the services, and not offered.
ACTIONS: dict[str, tuple[str, ...]] = {
    State.INCOMPLETE: ("pay", "check"),
    State.TRIALING: ("change", "portal", "cancel"),
    State.ACTIVE: ("change", "portal", "pause", "cancel"),
    State.PAST_DUE: ("mend", "cancel"),
    State.PAUSED: ("go_on", "cancel"),
    State.CANCELLED: ("keep",),
    State.ENDED: ("choose",),
}


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    return show_overview(request)


def show_overview(request: HttpRequest, refusal: Exception | None = None) -> HttpResponse:
    user = member(request)
    # The last one that ended, if there is none now.
    subscription = current_subscription(user) or Subscription.objects.of(user).exclude(started_at=None).first()
    access = may_read(user, PREMIUM)
    context: dict[str, Any] = {
        "subscription": subscription,
        "next": what_next(subscription, access),
        "why": why_access(access),
        "access": access,
        "actions": ACTIONS[subscription.state] if subscription else ("choose",),
        "next_payment": next_payment(subscription) if subscription else None,
        "due_to_go_on": subscribing.due_to_go_on(subscription) if subscription else None,
        "pause_form": PauseForm(),
        "steps": steps_of(user),
        "organisations": Organisation.objects.visible_to(user),
        "invoices": [in_words(row) for row in list_invoices(user, size=SHOWN_INVOICES).rows],
    }
    return show(request, "billing/settings.html", context, refusal=refusal)


def next_payment(subscription: Subscription) -> dict[str, Any] | None:
    """When the provider asks for money again, and for how much; None if it will not."""
    times = {
        State.TRIALING: subscription.trial_ends_at,
        State.ACTIVE: subscription.current_period_end,
        State.PAST_DUE: subscription.next_attempt_at,
        State.PAUSED: subscription.resumes_at,
    }
    at = times.get(State(subscription.state))
    return {"at": at, "price": subscription.next_price or subscription.price} if at else None


def steps_of(user: User) -> list[dict[str, Any]]:
    """What became of all that they subscribed to, the latest first."""
    steps = SubscriptionTransition.objects.filter(subscription__user=user)
    latest = steps.select_related("price__plan", "subscription").order_by("-at", "-id")[:SHOWN_STEPS]
    return [{"at": step.at, "words": step_in_words(step), "cause": cause_in_words(step)} for step in latest]


@require_safe
def invoices(request: HttpRequest) -> HttpResponse:
    with faults_in_words():
        page = list_invoices(member(request), **asked_place(PlaceForm(request.GET)))
    context = {"invoices": [in_words(row) for row in page.rows], **neighbours(request, page)}
    return show(request, "billing/invoices.html", context)


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    refunds = [refund | {"kind": RefundKind(refund["kind"]).label.capitalize()} for refund in row["refunds"]]
    return row | {"status_words": InvoiceStatus(row["status"]).label.capitalize(), "refunds": refunds}
