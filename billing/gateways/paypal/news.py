"""What PayPal tells: webhooks, and the events that it still remembers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from billing.gateways.base import Forged, News
from billing.gateways.paypal import signatures
from billing.gateways.paypal.client import Thing, get, in_our_words, moment, pages, stamp

EVENTS = "/v1/notifications/webhooks-events"
REMEMBERED = timedelta(days=30)
WINDOW = timedelta(days=1)
LARGEST_PAGE = 300
ABOUT_SUBSCRIPTIONS = "BILLING.SUBSCRIPTION."
# Somebody was asked, and has not answered yet: nothing to look at.
ASKED = "BILLING.SUBSCRIPTION.CREATED"


def read_webhook(body: bytes, headers: Mapping[str, str]) -> News:
    """Raises Forged; ProviderAway if the certificate cannot be fetched just now."""
    signatures.verify(body, headers)
    try:
        return news_of(json.loads(body))
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise Forged("signed, and no event") from None


def news_of(event: Thing) -> News:
    """Raises KeyError, TypeError, ... for what is no event."""
    identifier, kind, resource = event["id"], event["event_type"], event["resource"]
    if not (isinstance(identifier, str) and isinstance(kind, str) and isinstance(resource, dict)):
        raise TypeError("not an event")
    return News(
        event_id=identifier,
        kind=kind,
        happened_at=moment(event["create_time"]),
        subject=subject_in(kind, resource),
        body=event,
    )


def subject_in(kind: str, resource: Thing) -> str:
    """The subscription that an event names; empty if it names none."""
    if kind == ASKED:
        return ""
    if kind.startswith(ABOUT_SUBSCRIPTIONS):
        return str(resource["id"])
    return str(resource.get("billing_agreement_id") or "")


@in_our_words()
def subject_of(body: dict[str, Any]) -> str:
    """The subscription behind an event of a refund or a dispute, by way of the payment; empty if there is none."""
    resource = body["resource"]
    if named := subject_in(body["event_type"], resource):
        return named
    sale = resource.get("sale_id")
    if "disputed_transactions" in resource:
        sale = resource["disputed_transactions"][0].get("seller_transaction_id")
    return str(get(f"/v1/payments/sale/{sale}").get("billing_agreement_id") or "") if sale else ""


def news_since(since: datetime) -> Iterator[News]:
    """Oldest first, as far as it remembers. It lists newest first, so they are read a day at a time."""
    now = timezone.now()
    start = max(since, now - REMEMBERED)
    while start <= now:
        end = start + WINDOW
        # What happens while this is read belongs to the last day.
        with in_our_words():
            told = [news_of(event) for event in events(start, end if end <= now else None)]
        # What happened at the very end of a day is told of both.
        yield from (news for news in reversed(told) if news.happened_at < end or end > now)
        start = end


def events(start: datetime, end: datetime | None, **only: str) -> Iterator[Thing]:
    """As they were sent, newest first."""
    span = {"start_time": stamp(start)} | ({"end_time": stamp(end)} if end else {})
    with in_our_words():
        for page in pages(EVENTS, page_size=LARGEST_PAGE, **span, **only):
            yield from page.get("events", ())
