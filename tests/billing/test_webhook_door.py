"""Where the providers tell us what happened: only they are let in, and what they say is kept before it is answered."""

from __future__ import annotations

import json
import logging
import math
import time
from typing import Any

import pytest
import stripe
from django.test import Client

from billing.models import EventState, ProviderEvent
from tests.billing.shoppers import Shopper
from tests.billing.stripe_shop import pay
from tests.counterparts.process import STRIPE_KEY, STRIPE_SECRET

STRIPE = "/webhooks/stripe"


@pytest.fixture
def ready(db: None, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = STRIPE_KEY, [STRIPE_SECRET]


def send(body: bytes, **headers: str) -> Any:
    """As a provider does: without cookies and tokens."""
    return Client(enforce_csrf_checks=True).post(STRIPE, body, content_type="application/json", headers=headers)


def test_what_stripe_signed_is_kept_once(shopper: Shopper) -> None:
    pay(shopper.begin())
    events = shopper.counterparts.events(kind="customer.subscription.created")
    (signed,) = shopper.counterparts.signed(events[0]["id"])
    for is_new in (True, False):
        answer = send(signed.body, **signed.headers)
        assert (answer.status_code, answer.json()) == (200, {"received": True, "new": is_new})
    event = ProviderEvent.objects.get()
    assert (event.event_id, event.state) == (events[0]["id"], EventState.APPLIED)
    assert shopper.user.subscriptions.get().state == "active"


def test_what_nobody_signed_is_refused_and_told_to_the_log(ready: None, caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps({"id": "evt_1", "object": "event", "type": "invoice.paid", "secret": "psst"}).encode()
    with caplog.at_level(logging.WARNING, "billing.webhooks"):
        for headers in ({}, {"Stripe-Signature": "t=1,v1=00"}):
            answer = send(body, **headers)
            assert (answer.status_code, answer.json()) == (400, {"error": "not accepted"})
    assert caplog.text.count("a webhook in the name of stripe was refused") == 2
    assert "psst" not in caplog.text
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("size", [513 * 1024, 10 * 1024 * 1024])
def test_what_is_too_large_is_not_read(ready: None, size: int) -> None:
    assert send(b"x" * size).status_code == 413


def test_a_provider_that_is_not_set_up_is_not_there(db: None) -> None:
    assert send(b"{}").status_code == 404
    assert Client().post("/webhooks/bank").status_code == 404


def test_a_page_is_not_there(ready: None) -> None:
    assert Client().get(STRIPE).status_code == 405


def signed(**fields: Any) -> tuple[bytes, dict[str, str]]:
    """An event as Stripe might send it."""
    event = {"id": "evt_1", "type": "some.thing", "created": 1_800_000_000, "data": {"object": {}}} | fields
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, STRIPE_SECRET, int(time.time()))
    return body.encode(), {"Stripe-Signature": header}


def test_what_the_database_cannot_hold_is_replaced_and_the_rest_is_kept(ready: None) -> None:
    said = {"nul": "a\0b", "half": "a\ud800b", "none": math.nan, "endless": [-math.inf], "n\0": "\U0001f600"}
    body, headers = signed(type="x" * 99 + "\0y", data={"object": said})
    assert send(body, **headers).status_code == 200
    event = ProviderEvent.objects.get()
    assert event.kind == "x" * 99 + "\ufffd"
    assert event.body["data"]["object"] == {
        "nul": "a\ufffdb",
        "half": "a\ufffdb",
        "none": "nan",
        "endless": ["-inf"],
        "n\ufffd": "\U0001f600",
    }
    # It is known when it comes again.
    assert send(body, **headers).json()["new"] is False


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "evt_" + "x" * 252},
        {"id": "evt_\0"},
        {"id": "evt_\udfff"},
        {"data": {"object": {"object": "subscription", "id": "sub_" + "x" * 252}}},
        {"data": {"object": {"deep": nested(600)}}},
    ],
)
def test_what_cannot_be_kept_at_all_is_refused_and_an_error(
    ready: None, caplog: pytest.LogCaptureFixture, fields: dict[str, Any]
) -> None:
    body, headers = signed(**fields)
    assert send(body, **headers).status_code == 400
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["billing.services.receiving"]
    assert not ProviderEvent.objects.exists()
