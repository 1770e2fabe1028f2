"""What PayPal tells by webhook, and how it signs it."""

from __future__ import annotations

import base64
import uuid
import zlib
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from counterparts import settings
from counterparts.paypal import api, certificates
from counterparts.world import Thing, new_id, world

SUMMARIES = {
    "BILLING.SUBSCRIPTION.CREATED": "Subscription created",
    "BILLING.SUBSCRIPTION.ACTIVATED": "Subscription activated",
    "BILLING.SUBSCRIPTION.UPDATED": "Subscription updated",
    "BILLING.SUBSCRIPTION.RE-ACTIVATED": "Subscription reactivated",
    "BILLING.SUBSCRIPTION.SUSPENDED": "Subscription suspended",
    "BILLING.SUBSCRIPTION.CANCELLED": "Subscription cancelled",
    "BILLING.SUBSCRIPTION.EXPIRED": "Subscription expired",
    "BILLING.SUBSCRIPTION.PAYMENT.FAILED": "Payment failed for subscription",
    "BILLING.PLAN.CREATED": "A billing plan was created.",
    "BILLING.PLAN.UPDATED": "A billing plan was updated.",
    "BILLING.PLAN.ACTIVATED": "A billing plan was activated.",
    "BILLING.PLAN.DEACTIVATED": "A billing plan was deactivated.",
    "BILLING.PLAN.PRICING-CHANGE.ACTIVATED": "A price change for the plan was activated.",
    "CATALOG.PRODUCT.CREATED": "Product created.",
    "CATALOG.PRODUCT.UPDATED": "Product updated.",
    "PAYMENT.SALE.COMPLETED": "Payment completed",
    "PAYMENT.SALE.REFUNDED": "A sale payment was refunded",
    "PAYMENT.SALE.REVERSED": "A sale payment was reversed",
    "CUSTOMER.DISPUTE.CREATED": "A new dispute opened with Case",
    "CUSTOMER.DISPUTE.RESOLVED": "A dispute was resolved with case",
}
# The version of the shape in which a resource is shown.
VERSIONS = {"subscription": "2.0", "plan": "2.0", "product": "1.0"}


def tell(kind: str, resource_type: str, resource: Thing) -> None:
    event_id = f"WH-{new_id('', 17).upper()}-{new_id('', 17).upper()}"
    event: Thing = {
        "id": event_id,
        "event_version": "1.0",
        "create_time": api.written(world.clock.now()),
        "resource_type": resource_type,
        "event_type": kind,
        "summary": SUMMARIES[kind],
        "resource": resource,
        "links": [
            api.link(f"/v1/notifications/webhooks-events/{event_id}", "self"),
            api.link(f"/v1/notifications/webhooks-events/{event_id}/resend", "resend", "POST"),
        ],
    }
    if resource_type in VERSIONS:
        event["resource_version"] = VERSIONS[resource_type]
    world.outbox.tell("paypal", event_id, event)


def sign(body: bytes, at: datetime) -> dict[str, str]:
    """The headers of one transmission. A copy of the same event has headers of its own."""
    signer = certificates.signer()
    transmission, time = str(uuid.uuid4()), api.written(at)
    signature = signer.key.sign(signed_text(transmission, time, body), PKCS1v15(), SHA256())
    return {
        "PAYPAL-TRANSMISSION-ID": transmission,
        "PAYPAL-TRANSMISSION-TIME": time,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
        "PAYPAL-CERT-URL": f"{settings.OWN_URL}/paypal/v1/notifications/certs/{signer.name}",
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }


def signed_text(transmission: str, time: str, body: bytes) -> bytes:
    return f"{transmission}|{time}|{settings.PAYPAL_WEBHOOK_ID}|{zlib.crc32(body)}".encode()


world.outbox.signs["paypal"] = sign
