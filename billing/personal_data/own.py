"""What is held of members: their subscriptions, what they paid, and what was opened to them."""

from __future__ import annotations

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import Holding, Trace, register
from billing.gateways import gateway_of
from billing.models import (
    LIVE,
    AccessGrant,
    ContactRequest,
    Invoice,
    ProviderEvent,
    Refund,
    Reminder,
    State,
    Subscription,
    SubscriptionTransition,
)

COLUMNS = ("level", "source", "starts_at", "ends_at", "reason", "created_at", "revoked_at")
INNER = ("subscription", "seat", "key")
SOMEBODY_ELSES = "it is about somebody else"
OURS = "it is a number of ours or of the provider's that says nothing of you"


def forget_giver(grants: QuerySet[AccessGrant]) -> int:
    """What staff gave stays with whom they gave it to."""
    return grants.update(given_by=None)


def forget_revoker(grants: QuerySet[AccessGrant]) -> int:
    return grants.update(revoked_by=None)


def end_and_anonymise(subscriptions: QuerySet[Subscription]) -> int:
    """Nobody pays on for an account that is gone; what was paid stays in the books without a name.

    Raises ProviderError: somebody whose subscription cannot be ended now is erased an hour later.
    """
    for subscription in subscriptions.filter(state=State.INCOMPLETE, checkout_expires_at__gt=timezone.now()):
        gateway_of(subscription.provider).give_up(subscription.checkout_reference)
    for subscription in subscriptions.filter(state__in=LIVE):
        gateway_of(subscription.provider).cancel_now(subscription)
    return subscriptions.update(
        user=None, payment_method="", card_expires_on=None, checkout_url="", leaving_reason="", leaving_comment=""
    )


def anonymise_invoices(invoices: QuerySet[Invoice]) -> int:
    """The law wants them kept. The pages of the provider's to which they lead have names on them."""
    return invoices.update(user=None, hosted_url="", pdf_url="")


def anonymise_refunds(refunds: QuerySet[Refund]) -> int:
    """They are about whoever their invoice is about."""
    count = refunds.count()
    anonymise_invoices(Invoice.objects.filter(refunds__in=list(refunds)))
    return count


def events_about(user: User) -> QuerySet[ProviderEvent]:
    """Those of their subscriptions, and any that have the address in them, such as one of a customer."""
    mine = Subscription.objects.filter(user=user).exclude(reference="").values("reference")
    named = ProviderEvent.objects.annotate(text=Cast("body", TextField())).filter(text__icontains=f'"{user.email}"')
    return ProviderEvent.objects.filter(Q(subject__in=mine) | Q(pk__in=named.values("pk")))


def empty_events(events: QuerySet[ProviderEvent]) -> int:
    """That there was an event is part of the ledger; what it said has names in it."""
    return events.update(body={})


def forget_who(transitions: QuerySet[SubscriptionTransition]) -> int:
    return transitions.update(by=None)


register(
    Holding(
        Subscription,
        title="Your subscriptions",
        path="user",
        exported=(
            *("provider", "state", "price__plan__name", "price__amount", "price__currency", "price__interval"),
            *("created_at", "started_at", "current_period_start", "current_period_end", "trial_ends_at", "ended_at"),
            *("past_due_since", "next_attempt_at", "resumes_at", "payment_method", "card_expires_on"),
            *("leaving_reason", "leaving_comment", "next_price"),
        ),
        left_out={"checkout_url": "whoever has it stands at the till in your name"}
        | dict.fromkeys(("price", "reference", "checkout_reference", "checkout_expires_at"), OURS)
        | dict.fromkeys(("checked_at", "mirrored_at", "is_second"), OURS),
        anonymise=end_and_anonymise,
    ),
    Holding(
        Invoice,
        title="Your invoices",
        path="user",
        exported=(
            *("provider", "reference", "number", "status", "currency", "total", "tax", "amount_paid"),
            *("amount_refunded", "period_start", "period_end", "issued_at", "paid_at", "hosted_url", "pdf_url"),
        ),
        left_out=dict.fromkeys(("subscription", "recorded_at"), OURS),
        anonymise=anonymise_invoices,
    ),
    Holding(
        Refund,
        title="What was given back to you",
        path="invoice__user",
        exported=("invoice__number", "kind", "amount", "reason", "at"),
        left_out=dict.fromkeys(("invoice", "reference"), OURS),
        anonymise=anonymise_refunds,
    ),
    Holding(
        Reminder,
        title="Reminders about your subscription",
        path="subscription__user",
        exported=("kind", "about", "sent_at"),
        left_out={"subscription": OURS},
    ),
    Holding(
        SubscriptionTransition,
        title="Changes of subscriptions that you made",
        path="by",
        exported=("name", "from_state", "to_state", "at", "cause"),
        left_out=dict.fromkeys(("subscription", "price", "annual_amount", "recorded_at", "event"), OURS),
        anonymise=forget_who,
    ),
    Holding(
        AccessGrant,
        title="Access that was given to you",
        path="user",
        exported=COLUMNS,
        left_out=dict.fromkeys(("given_by", "revoked_by"), "it is somebody of the staff") | dict.fromkeys(INNER, OURS),
    ),
    Holding(
        AccessGrant,
        title="Access that you gave to others",
        path="given_by",
        left_out=dict.fromkeys((*COLUMNS, *INNER, "user", "revoked_by"), SOMEBODY_ELSES),
        anonymise=forget_giver,
    ),
    Holding(
        AccessGrant,
        title="Access of others that you revoked",
        path="revoked_by",
        left_out=dict.fromkeys((*COLUMNS, *INNER, "user", "given_by"), SOMEBODY_ELSES),
        anonymise=forget_revoker,
    ),
    Trace(ProviderEvent, find=events_about, anonymise=empty_events),
    Trace(ContactRequest, find=lambda user: ContactRequest.objects.filter(email__iexact=user.email)),
)
