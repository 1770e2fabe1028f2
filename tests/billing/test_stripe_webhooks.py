"""Which webhooks are taken for Stripe's, and what is read from them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from billing.gateways.base import Forged
from billing.gateways.stripe import Stripe

SECRET = "whsec_" + "a" * 32
FORMER_SECRET = "whsec_" + "b" * 32
FIVE_MINUTES = 300


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET, FORMER_SECRET]


def event_about(thing: dict[str, Any], **fields: Any) -> bytes:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "some.thing",
        "created": 1_800_000_000,
        "data": {"object": thing},
    }
    return json.dumps(event | fields).encode()


def signed(body: bytes, *, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(time.time()) - age)
    return {"Stripe-Signature": header}


def test_what_stripe_signed_is_read() -> None:
    body = event_about({"object": "subscription", "id": "sub_1"}, type="customer.subscription.updated")
    news = Stripe().read_webhook(body, signed(body))
    assert (news.event_id, news.kind, news.subject) == ("evt_1", "customer.subscription.updated", "sub_1")
    assert news.happened_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert news.body == json.loads(body)


@pytest.mark.parametrize("secret", [SECRET, FORMER_SECRET])
def test_while_secrets_are_exchanged_each_of_them_is_good(secret: str) -> None:
    body = event_about({})
    assert Stripe().read_webhook(body, signed(body, secret=secret)).event_id == "evt_1"


def test_one_good_signature_among_others_is_enough() -> None:
    """Stripe signs with both secrets while they are exchanged, and may add other schemes."""
    body = event_about({})
    header = signed(body)["Stripe-Signature"].replace("v1=", f"v1={'0' * 64},v0=1,v1=")
    assert Stripe().read_webhook(body, {"Stripe-Signature": header}).event_id == "evt_1"


@pytest.mark.parametrize("age", [FIVE_MINUTES - 2, 2 - FIVE_MINUTES])
def test_a_clock_may_be_a_little_off(age: int) -> None:
    body = event_about({})
    assert Stripe().read_webhook(body, signed(body, age=age)).event_id == "evt_1"


@pytest.mark.parametrize(("age", "words"), [(FIVE_MINUTES + 1, "ago"), (-FIVE_MINUTES - 2, "ahead")])
def test_one_of_another_time_is_refused(age: int, words: str) -> None:
    body = event_about({})
    with pytest.raises(Forged, match=words):
        Stripe().read_webhook(body, signed(body, age=age))


def test_a_stamp_cannot_be_put_before_the_signed_one() -> None:
    body = event_about({})
    header = f"t={int(time.time())}," + signed(body, age=FIVE_MINUTES + 1)["Stripe-Signature"]
    with pytest.raises(Forged, match="wrong signature"):
        Stripe().read_webhook(body, {"Stripe-Signature": header})


BODY = event_about({"object": "subscription", "id": "sub_hidden"})
GOOD = signed(BODY)["Stripe-Signature"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, {}),
        (BODY, {"Stripe-Signature": ""}),
        (BODY, {"Stripe-Signature": "nonsense"}),
        (BODY, {"Stripe-Signature": f"t=soon,{GOOD.partition(',')[2]}"}),
        (BODY, {"Stripe-Signature": GOOD.replace(",", "=4,", 1)}),
        (BODY, {"Stripe-Signature": GOOD.partition("v1=")[0] + "v1=\u00e9"}),
        (BODY, {"Stripe-Signature": GOOD.partition(",")[0]}),
        (BODY, {"Stripe-Signature": GOOD.replace("v1=", "v0=")}),
        (BODY, signed(BODY, secret="whsec_" + "c" * 32)),
        (BODY.replace(b"sub_hidden", b"sub_buried"), {"Stripe-Signature": GOOD}),
        (BODY + b" ", {"Stripe-Signature": GOOD}),
        (b"\xff\xfe", {"Stripe-Signature": GOOD}),
    ],
)
def test_what_stripe_did_not_sign_is_refused_and_not_quoted(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Forged) as refusal:
        Stripe().read_webhook(body, headers)
    said = str(refusal.value)
    assert said in ("not signed", "wrong signature")


def test_without_secrets_nothing_is_taken(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    with pytest.raises(Forged):
        Stripe().read_webhook(BODY, {"Stripe-Signature": GOOD})
    settings.STRIPE_WEBHOOK_SECRETS = [""]
    with pytest.raises(Forged):
        Stripe().read_webhook(BODY, signed(BODY, secret=""))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b"[" * 100_000,
        b'{"id": "evt_1"}',
        event_about({}, created="yesterday"),
        event_about({}, created=10**20),
        event_about({}, id=7),
        event_about({}, data=None),
        event_about({}, data={"object": ["sub_1"]}),
        event_about({"subscription": {"id": "sub_1"}}),
    ],
)
def test_signed_is_not_yet_an_event(body: bytes) -> None:
    with pytest.raises(Forged, match="signed, and no event"):
        Stripe().read_webhook(body, signed(body))


@pytest.mark.parametrize(
    ("thing", "subject"),
    [
        ({"object": "subscription", "id": "sub_1"}, "sub_1"),
        ({"object": "invoice", "parent": {"subscription_details": {"subscription": "sub_1"}}}, "sub_1"),
        ({"object": "invoice", "parent": None}, ""),
        ({"object": "checkout.session", "subscription": "sub_1"}, "sub_1"),
        ({"object": "checkout.session", "subscription": None}, ""),
        ({"object": "subscription_schedule", "subscription": "sub_1"}, "sub_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, ""),
        ({}, ""),
    ],
)
def test_an_event_is_about_the_subscription_that_its_object_names(thing: dict[str, Any], subject: str) -> None:
    body = event_about(thing)
    assert Stripe().read_webhook(body, signed(body)).subject == subject
