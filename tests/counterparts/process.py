"""The stand-ins for Stripe and PayPal as a process of their own, for any test that speaks to a provider."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.config.processes import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PLATFORM = "http://testserver"
STRIPE_KEY = "sk_test_" + "0" * 24
STRIPE_SECRET = "whsec_" + "0" * 32
PAYPAL_CLIENT = ("stand-in-client", "stand-in-secret")
PAYPAL_WEBHOOK = "0STANDIN00000000W"


@dataclass(frozen=True)
class Signed:
    """An event as it would go over the wire now: post it with `client.post(path, body, headers=…)`."""

    body: bytes
    headers: dict[str, str]


class Counterparts:
    """A running process of the stand-ins, and what a test does to its world."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.stripe = f"{url}/stripe"
        self.paypal = f"{url}/paypal"
        self.client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def close(self) -> None:
        self.client.close()

    def answers(self) -> bool:
        try:
            return self.client.get("/control/events").status_code == 200
        except httpx.TransportError:
            return False

    def control(self, name: str, /, **asked: Any) -> Any:
        """Do what is at /control/<name> and give its result."""
        answer = self.client.post(f"/control/{name}", json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def stop_at(self, now: datetime) -> None:
        """The time of subscriptions stands still at `now` from here on; what is due by then happens."""
        self.control("clock", now=now.isoformat(), stopped=True)

    def advance(self, **step: float) -> datetime:
        """Move the time on, such as `days=31`; what is due by then happens. Gives the new time."""
        shown = self.control("advance", seconds=timedelta(**step).total_seconds())
        return datetime.fromisoformat(shown["now"])

    def events(self, *, kind: str = "") -> list[dict[str, Any]]:
        """The bodies of all events so far, oldest first; those of one kind, if it is named."""
        bodies = [event["body"] for event in self.control("events")]
        return [body for body in bodies if kind in ("", body.get("type"), body.get("event_type"))]

    def signed(self, *event_ids: str) -> list[Signed]:
        """These events, signed now, for posting them oneself."""
        return [
            Signed(shown["body"].encode(), shown["headers"]) for shown in self.control("signed", ids=list(event_ids))
        ]


@pytest.fixture(scope="session")
def counterparts_process() -> Iterator[Counterparts]:
    """One process for all tests of a worker; a test asks for `counterparts` instead."""
    with running() as started:
        yield started


@pytest.fixture
def counterparts(counterparts_process: Counterparts) -> Counterparts:
    """Both stand-ins in a new world. Its webhooks wait until the test fetches or releases them."""
    counterparts_process.control("forget")
    counterparts_process.control("mode", mode="hold")
    return counterparts_process


@contextmanager
def running(**environment: str) -> Iterator[Counterparts]:
    """A process of one's own on a free port, with these settings beside the usual ones."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "8"]
    process = subprocess.Popen(
        [*command, "--no-log", "--host", "127.0.0.1", "--port", str(port), "counterparts.wsgi:application"],
        cwd=ROOT,
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "COUNTERPARTS_URL": url,
            "PLATFORM_URL": PLATFORM,
            "STRIPE_SECRET_KEY": STRIPE_KEY,
            "STRIPE_WEBHOOK_SECRETS": STRIPE_SECRET,
            "PAYPAL_CLIENT_ID": PAYPAL_CLIENT[0],
            "PAYPAL_CLIENT_SECRET": PAYPAL_CLIENT[1],
            "PAYPAL_WEBHOOK_ID": PAYPAL_WEBHOOK,
            "LOG_LEVEL": "WARNING",
            **environment,
        },
    )
    try:
        with closing(Counterparts(url)) as started:
            wait_until_it_answers(started, process)
            yield started
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_it_answers(started: Counterparts, process: subprocess.Popen[bytes]) -> None:
    assert wait_until(lambda: process.poll() is not None or started.answers())
    assert process.poll() is None, "the stand-ins did not start"
