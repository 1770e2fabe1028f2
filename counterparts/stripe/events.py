"""Events: what happens is kept for 30 days and told to the platform, signed as Stripe signs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.urls import path

from counterparts import settings
from counterparts.stripe.api import VERSION, request_now, resource, takes
from counterparts.stripe.errors import missing
from counterparts.stripe.params import LIST, Asked, anything, flag, text, time_range
from counterparts.stripe.store import get, make, now, page, things
from counterparts.world import Thing, new_id, world

KEPT = 30 * 24 * 3600  # seconds


def sign(body: bytes, at: datetime) -> dict[str, str]:
    stamp = int(at.timestamp())
    signed = hmac.new(settings.STRIPE_WEBHOOK_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return {"Stripe-Signature": f"t={stamp},v1={signed.hexdigest()}"}


world.outbox.signs["stripe"] = sign


def tell(kind: str, thing: Thing, previous: Thing | None = None) -> None:
    """Something happened to a thing; `previous`: what its changed fields were before."""
    data: Thing = {"object": deepcopy(thing)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = make(
        "event",
        "evt_",
        thing_id=new_id("evt_1", 23),
        api_version=VERSION,
        data=data,
        pending_webhooks=1,
        request=dict(request_now.get()),
        type=kind,
    )
    world.outbox.tell("stripe", event["id"], event)


@contextmanager
def updating(thing: Thing, kind: str) -> Iterator[None]:
    """Tell that a thing was updated, if what is done inside changed it."""
    before = deepcopy(thing)
    yield
    previous = difference(before, thing)
    if previous:
        tell(kind, thing, previous)


def difference(before: Thing, after: Thing) -> Thing:
    """What the fields that changed were before; of a mapping only the names in it that changed."""
    changed: Thing = {}
    for name, value in before.items():
        other = after.get(name)
        if value == other:
            continue
        if isinstance(value, dict) and isinstance(other, dict):
            changed[name] = difference(value, other)
        else:
            changed[name] = value
    return changed | {name: None for name in after if name not in before}


@takes({**LIST, "created": time_range, "type": text, "types": anything, "delivery_success": flag})
def list_events(asked: Asked) -> Thing:
    kinds = [asked["type"]] if asked.get("type") else list((asked.get("types") or {}).values())
    kept = [event for event in things("event").values() if event["created"] > now() - KEPT]
    found = [event for event in kept if not kinds or any(is_kind(event["type"], kind) for kind in kinds)]
    if "delivery_success" in asked:
        found = [event for event in found if is_delivered(event["id"]) == asked["delivery_success"]]
    return page(found, asked, "/v1/events")


def is_kind(kind: str, wanted: str) -> bool:
    """`invoice.*` stands for all of a kind."""
    return kind == wanted or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))


def is_delivered(event_id: str) -> bool:
    return world.outbox.events[event_id].is_delivered


@takes()
def show_event(asked: Asked, event_id: str) -> Thing:
    event = get("event", event_id)
    if event["created"] <= now() - KEPT:
        raise missing("event", event_id, "id")
    return event


ENDPOINT: dict[str, Any] = {
    "url": text,
    "enabled_events": [text],
    "description": text,
    "metadata": anything,
    "api_version": text,
    "disabled": flag,
    "connect": flag,
}


@takes(ENDPOINT, "url", "enabled_events")
def create_endpoint(asked: Asked) -> Thing:
    """Only noted: webhooks go where the settings say, signed with the secret that stands there."""
    endpoint = make(
        "webhook_endpoint",
        "we_",
        api_version=asked.get("api_version"),
        application=None,
        description=asked.get("description"),
        enabled_events=asked["enabled_events"],
        metadata=asked.get("metadata") or {},
        status="enabled",
        url=asked["url"],
    )
    return endpoint | {"secret": settings.STRIPE_WEBHOOK_SECRET}


@takes(LIST)
def list_endpoints(asked: Asked) -> Thing:
    return page(things("webhook_endpoint").values(), asked, "/v1/webhook_endpoints")


@takes()
def show_endpoint(asked: Asked, endpoint_id: str) -> Thing:
    return get("webhook_endpoint", endpoint_id)


@takes()
def delete_endpoint(asked: Asked, endpoint_id: str) -> Thing:
    get("webhook_endpoint", endpoint_id)
    del things("webhook_endpoint")[endpoint_id]
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}


urlpatterns = [
    path("v1/events", resource(GET=list_events)),
    path("v1/events/<event_id>", resource(GET=show_event)),
    path("v1/webhook_endpoints", resource(GET=list_endpoints, POST=create_endpoint)),
    path("v1/webhook_endpoints/<endpoint_id>", resource(GET=show_endpoint, DELETE=delete_endpoint)),
]
