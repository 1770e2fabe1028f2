"""What Stripe tells: webhooks, and the events that it still remembers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import stripe
from django.conf import settings
from django.utils import timezone

from billing.gateways.base import Forged, News, NotThere
from billing.gateways.stripe.client import Thing, in_our_words, moment, pages, read, stamp

TOLERANCE = 300  # seconds, both ways
# Such as t=1800000000,v1=5257a869…,v0=6ffbb59b…; the library and we read anything else differently, or stumble over it.
SIGNATURE = re.compile(r"\w+=\w+(,\w+=\w+)*", re.ASCII)
REMEMBERED = timedelta(days=30)
WINDOW = timedelta(days=1)
# Of the kinds that do not name their subscription, those that can change something about it.
WORTH_ASKING = (
    "charge.dispute.",
    "charge.refund",
    "credit_note.",
    "customer.updated",
    "payment_method.automatically_updated",
    "payment_method.updated",
    "refund.",
)


def read_webhook(body: bytes, headers: Mapping[str, str]) -> News:
    """Raises Forged."""
    verify(body, headers.get("Stripe-Signature", ""))
    try:
        return news_of(json.loads(body))
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise Forged("signed, and no event") from None


def verify(body: bytes, header: str) -> None:
    """Raises Forged unless Stripe signed these very bytes, with any secret of ours, within five minutes from now."""
    if not SIGNATURE.fullmatch(header):
        raise Forged("not signed")
    if not any(is_signed_with(secret, body, header) for secret in settings.STRIPE_WEBHOOK_SECRETS):
        raise Forged("wrong signature")
    # Of the library's: it refuses what is old and takes what is from the future.
    away = time.time() - signed_at(header)
    if abs(away) > TOLERANCE:
        raise Forged(f"signed {abs(away):.0f} seconds {'ago' if away > 0 else 'ahead'}")


def is_signed_with(secret: str, body: bytes, header: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeError):
        return False
    return True


def signed_at(header: str) -> int:
    """The first stamp, which is the one that the signature was checked with."""
    return next(int(value) for name, _, value in (part.partition("=") for part in header.split(",")) if name == "t")


def news_of(event: Thing) -> News:
    """Raises KeyError, TypeError, ... for what is no event."""
    identifier, kind, thing = event["id"], event["type"], event["data"]["object"]
    if not (isinstance(identifier, str) and isinstance(kind, str) and isinstance(thing, dict)):
        raise TypeError("not an event")
    subject = subject_in(thing)
    if not isinstance(subject, str):
        raise TypeError("not the name of a subscription")
    return News(
        event_id=identifier,
        kind=kind,
        happened_at=moment(event["created"]),
        subject=subject,
        body=event,
    )


def subject_in(thing: Thing) -> str:
    """The subscription that an object names; empty if it names none."""
    if thing.get("object") == "subscription":
        return str(thing["id"])
    details = (thing.get("parent") or {}).get("subscription_details") or {}
    return thing.get("subscription") or details.get("subscription") or ""


@in_our_words()
def subject_of(body: dict[str, Any]) -> str:
    """The subscription behind an event that does not name it; empty if there is none, or the event changes nothing."""
    thing = body["data"]["object"]
    if named := subject_in(thing):
        return named
    if not body["type"].startswith(WORTH_ASKING):
        return ""
    if invoice := thing.get("invoice"):
        return subject_in(read("invoices", invoice))
    if intent := thing.get("payment_intent"):
        return subject_of_intent(intent)
    return subject_of_customer(thing["id"] if thing["object"] == "customer" else thing.get("customer"))


def subject_of_intent(intent: str) -> str:
    paid = {"type": "payment_intent", "payment_intent": intent}
    found = read("invoice_payments", payment=paid, expand=["data.invoice"])["data"]
    return subject_in(found[0]["invoice"]) if found else ""


def subject_of_customer(customer: str | None) -> str:
    """Whoever has one has one only that is not over."""
    try:
        found = read("subscriptions", customer=customer, limit=1)["data"] if customer else []
    except NotThere:
        found = []
    return found[0]["id"] if found else ""


def news_since(since: datetime) -> Iterator[News]:
    """Oldest first, as far as it remembers. It lists newest first, so they are read a day at a time."""
    now = timezone.now()
    start = max(since, now - REMEMBERED)
    while start <= now:
        end = start + WINDOW
        # What happens while this is read belongs to the last day.
        span = {"gte": stamp(start)} | ({"lt": stamp(end)} if end <= now else {})
        with in_our_words():
            told = [news_of(event) for event in pages("events", created=span)]
        yield from reversed(told)
        start = end
