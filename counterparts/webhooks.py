"""Webhooks on their way to the platform: delivered, held, doubled, lost, or sent in another order, as a test wants."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from counterparts import settings

logger = logging.getLogger(__name__)

Provider = Literal["stripe", "paypal"]
# What becomes of a new event: sent at once, sent twice, kept until somebody releases it, never sent.
Mode = Literal["send", "double", "hold", "lose"]
# The body that goes out, and the headers that sign it at a time.
Sign = Callable[[bytes, datetime], dict[str, str]]
TIMEOUT = 10  # seconds
SENDERS = 4


@dataclass
class Event:
    provider: Provider
    id: str
    body: dict[str, Any]
    # The platform's answers, oldest first: a status, or 0 if there was none.
    answers: list[int] = field(default_factory=list)
    lost: bool = False

    @property
    def is_delivered(self) -> bool:
        return any(200 <= answer < 300 for answer in self.answers)


@dataclass
class Outbox:
    """All events of both providers, in the order in which they happened."""

    wall: Callable[[], datetime]
    # Its base address. Hosted pages lead back only there.
    platform: str = field(default_factory=lambda: settings.PLATFORM_URL)
    signs: dict[Provider, Sign] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    mode: Mode = "send"
    lock: threading.Lock = field(default_factory=threading.Lock)
    senders: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(SENDERS, "webhooks"))
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT, trust_env=False))

    def is_home(self, url: str) -> bool:
        """Whether this address is the platform's; a browser on this machine may know it by either name of loopback."""
        home, there = (urlsplit(address.replace("//localhost:", "//127.0.0.1:", 1)) for address in (self.platform, url))
        return (there.scheme, there.netloc) == (home.scheme, home.netloc)

    def tell(self, provider: Provider, event_id: str, body: dict[str, Any]) -> None:
        """Something happened. The event goes out at once, beside the request that made it.

        Whoever asks about it finds the world as it is after that request, which holds the lock so long.
        """
        event = Event(provider, event_id, json.loads(json.dumps(body)), lost=self.mode == "lose")
        with self.lock:
            self.events[event_id] = event
        times = {"send": 1, "double": 2}.get(self.mode, 0)
        if times:
            self.senders.submit(self.send, [event] * times)

    def send(self, events: Iterable[Event]) -> list[int]:
        """Deliver these one after another; the platform's answers, 0 for none."""
        return [self.send_one(event) for event in events]

    def send_one(self, event: Event) -> int:
        body, headers = self.signed(event)
        try:
            answer = self.client.post(f"{self.platform}/webhooks/{event.provider}", content=body, headers=headers)
            status = answer.status_code
        except httpx.HTTPError as error:
            logger.warning("%s did not reach the platform: %s", event.id, error)
            status = 0
        event.answers.append(status)
        return status

    def signed(self, event: Event) -> tuple[bytes, dict[str, str]]:
        """The body and the headers as they would go out now."""
        body = json.dumps(event.body).encode()
        return body, {"Content-Type": "application/json"} | self.signs[event.provider](body, self.wall())

    def shown(self) -> list[Event]:
        """All events, oldest first."""
        with self.lock:
            return list(self.events.values())

    def waiting(self) -> list[Event]:
        """Events that the platform has not taken yet and that are not lost."""
        return [event for event in self.shown() if not event.is_delivered and not event.lost]

    def release(self, *, order: Literal["as_happened", "reversed", "shuffled"], copies: int, seed: int) -> list[int]:
        """Send what waits, each so many times, in an order; `seed` makes "shuffled" repeatable."""
        events = [event for event in self.waiting() for _ in range(copies)]
        if order == "reversed":
            events.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(events)  # noqa: S311 - no secret depends on it
        return self.send(events)

    def forget(self) -> None:
        with self.lock:
            self.events.clear()
        self.mode = "send"
        self.platform = settings.PLATFORM_URL
