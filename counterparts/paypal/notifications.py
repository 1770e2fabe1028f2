"""The API about webhooks: which there are, what was sent, and whether a signature is PayPal's."""

from __future__ import annotations

import base64
import binascii
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from counterparts import settings
from counterparts.paypal import certificates, errors
from counterparts.paypal.api import Answer, Call, link, moment_of, number, require
from counterparts.paypal.events import SUMMARIES, signed_text
from counterparts.webhooks import Event
from counterparts.world import Thing, world

PATH = "/v1/notifications"
ALWAYS = ("0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z")


def webhooks(call: Call) -> Answer:
    return 200, {"webhooks": [own_webhook()]}


def webhook(call: Call, webhook_id: str) -> Answer:
    if webhook_id != settings.PAYPAL_WEBHOOK_ID:
        raise errors.not_there()
    return 200, own_webhook()


def own_webhook() -> Thing:
    webhook_id = settings.PAYPAL_WEBHOOK_ID
    return {
        "id": webhook_id,
        "url": f"{world.outbox.platform}/webhooks/paypal",
        "event_types": [{"name": "*", "description": "ALL", "status": "ENABLED"}],
        "links": [link(f"{PATH}/webhooks/{webhook_id}", "self")],
    }


def event_types(call: Call) -> Answer:
    return 200, {
        "event_types": [
            {"name": name, "description": description, "status": "ENABLED"} for name, description in SUMMARIES.items()
        ]
    }


def sent(call: Call) -> Answer:
    """Also those that never arrived. Newest first, in pages that begin after an event (`start_id`, in the link)."""
    size = number(call.query, "page_size", 10, 300)
    found = [event.body for event in ours()[::-1] if is_wanted(event.body, call)]
    ids = [event["id"] for event in found]
    first = ids.index(call.query["start_id"]) if call.query.get("start_id") in ids else 0
    here = found[first : first + size]
    query = call.query.copy()
    links = [link(f"{PATH}/webhooks-events?{query.urlencode()}", "self")]
    if first + size < len(found):
        query["start_id"] = ids[first + size]
        links.append(link(f"{PATH}/webhooks-events?{query.urlencode()}", "next"))
    return 200, {"events": here, "count": len(here), "links": links}


def is_wanted(event: Thing, call: Call) -> bool:
    query, at = call.query, moment_of(event["create_time"])
    names = (None, event["resource"].get("id"), event["resource"].get("sale_id"))
    try:
        return (
            query.get("event_type") in (None, event["event_type"])
            and query.get("transaction_id") in names
            and moment_of(query.get("start_time", ALWAYS[0])) <= at <= moment_of(query.get("end_time", ALWAYS[1]))
        )
    except ValueError:
        raise errors.invalid(errors.MALFORMED, "start_time") from None


def ours() -> list[Event]:
    return [event for event in world.outbox.shown() if event.provider == "paypal"]


def find_event(event_id: str) -> Event:
    event = world.outbox.events.get(event_id)
    if event is None or event.provider != "paypal":
        raise errors.not_there()
    return event


def event(call: Call, event_id: str) -> Answer:
    return 200, find_event(event_id).body


def resend(call: Call, event_id: str) -> Answer:
    found = find_event(event_id)
    world.outbox.senders.submit(world.outbox.send, [found])
    return 202, found.body


def verify(call: Call) -> Answer:
    """Only what was serialised exactly as we sent it can be verified here, which is why platforms do it themselves."""
    asked = call.body
    fields = ("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time", "webhook_id")
    require(asked, *fields, "webhook_event")
    return 200, {"verification_status": "SUCCESS" if is_signed(asked) else "FAILURE"}


def is_signed(asked: Thing) -> bool:
    signer = certificates.signer()
    body = json.dumps(asked["webhook_event"]).encode()
    text = signed_text(asked["transmission_id"], asked["transmission_time"], body)
    try:
        signature = base64.b64decode(asked["transmission_sig"], validate=True)
        signer.key.public_key().verify(signature, text, PKCS1v15(), SHA256())
    except (binascii.Error, InvalidSignature):
        return False
    return bool(
        asked["webhook_id"] == settings.PAYPAL_WEBHOOK_ID
        and asked["auth_algo"] == "SHA256withRSA"
        and asked["cert_url"].endswith(f"/certs/{signer.name}")
    )
