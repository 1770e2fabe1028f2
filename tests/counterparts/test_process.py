"""The process of the stand-ins itself: its clock, its webhooks, its panel, and what it keeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.counterparts.process import STRIPE_SECRET, Counterparts, running
from tests.counterparts.shop import START, Shop, client_of


class Platform(ThreadingHTTPServer):
    """Takes webhooks, and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.taken: list[tuple[str, bytes, str]] = []
        self.answer = 200
        self.has_taken = threading.Condition()

    def wait_for(self, count: int) -> None:
        with self.has_taken:
            assert self.has_taken.wait_for(lambda: len(self.taken) >= count, timeout=10)


class Taker(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.has_taken:
            self.server.taken.append((self.path, body, self.headers.get("Stripe-Signature", "")))
            self.server.has_taken.notify_all()
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Nothing: a test's output is about the test."""


@pytest.fixture
def platform(counterparts: Counterparts) -> Iterator[Platform]:
    with Platform() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        counterparts.control("platform", url=server.url)
        yield server
        server.shutdown()


def test_a_new_world_is_empty(counterparts: Counterparts) -> None:
    assert counterparts.events() == []
    with pytest.raises(AssertionError):
        counterparts.control("unknown")


def test_the_clock_of_subscriptions_moves_and_stands(counterparts: Counterparts) -> None:
    counterparts.stop_at(START)
    assert counterparts.advance(days=1) == START + timedelta(days=1)
    assert counterparts.advance(seconds=0) == START + timedelta(days=1)
    counterparts.control("clock", now=START.isoformat())
    assert START < counterparts.advance(seconds=0) < START + timedelta(minutes=1)


def test_webhooks_go_to_the_platform_signed(counterparts: Counterparts, platform: Platform) -> None:
    counterparts.control("mode", mode="send")
    client_of(counterparts).v1.products.create({"name": "Premium"})
    platform.wait_for(1)
    ((path, body, signature),) = platform.taken
    assert path == "/webhooks/stripe"
    assert stripe.Webhook.construct_event(body, signature, STRIPE_SECRET).type == "product.created"


@pytest.mark.parametrize(("mode", "times"), [("double", 2), ("hold", 0), ("lose", 0)])
def test_webhooks_are_doubled_held_and_lost(
    counterparts: Counterparts, platform: Platform, mode: str, times: int
) -> None:
    counterparts.control("mode", mode=mode)
    client_of(counterparts).v1.products.create({"name": "Premium"})
    platform.wait_for(times)
    (event,) = counterparts.events()
    released = counterparts.control("release")
    assert released == ([200] if mode == "hold" else [])
    assert counterparts.control("send", ids=[event["id"]]) == [200]
    assert len(platform.taken) == times + len(released) + 1


def test_what_the_platform_refuses_waits(counterparts: Counterparts, platform: Platform) -> None:
    for name in ("first", "second"):
        client_of(counterparts).v1.products.create({"name": name})
    platform.answer = 500
    assert counterparts.control("release", order="reversed", copies=2) == [500, 500, 500, 500]
    platform.answer = 200
    assert counterparts.control("release", order="shuffled", seed=1) == [200, 200]
    assert counterparts.control("release") == []
    assert [event["answers"] for event in counterparts.control("events")] == [[500, 500, 200], [500, 500, 200]]


def test_people_have_a_panel(counterparts: Counterparts, platform: Platform) -> None:
    shop = Shop(counterparts)
    subscription = shop.subscribe()
    press = counterparts.client.post
    page = counterparts.client.get("/").text
    for words in ("Saturday, 31 January 2026", "lea@howtoai.example", subscription.id, "invoice.paid", "Send again"):
        assert words in page
    press("/", data={"do": "advance", "step": "week"})
    assert counterparts.advance(seconds=0) == START + timedelta(days=7)
    press("/", data={"do": "advance", "step": "renewal"})
    assert counterparts.advance(seconds=0) == datetime(2026, 2, 28, 13, tzinfo=UTC)
    assert shop.stripe.v1.invoices.list().data[0].status == "paid"
    press("/", data={"do": "mode", "mode": "lose"})
    press("/", data={"do": "trouble", "provider": "stripe", "trouble": "down"})
    with pytest.raises(stripe.APIError):
        shop.subscription(subscription.id)
    press("/", data={"do": "send", "event": counterparts.events()[0]["id"]})
    assert len(platform.taken) == 1
    assert "200" in counterparts.client.get("/").text


def test_its_state_outlives_it(tmp_path: Path) -> None:
    state = {"COUNTERPARTS_STATE": str(tmp_path / "state.json")}
    with running(**state) as first:
        first.control("mode", mode="hold")
        shop = Shop(first)
        subscription = shop.subscribe()
        events = first.events()
    with running(**state) as second:
        assert second.events() == events
        second.advance(days=29)
        client: Any = client_of(second)
        assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
        assert [invoice.status for invoice in client.v1.invoices.list().data] == ["paid", "paid"]
