"""What a test, or a person at the panel, does to the world: move the time, and trouble the webhooks and the APIs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path

from counterparts.webhooks import Event
from counterparts.world import world

Asked = dict[str, Any]


def control(view: Callable[[Asked], Any]) -> Callable[[HttpRequest], JsonResponse]:
    """A view that takes JSON and answers with what it returns, as JSON."""

    @wraps(view)
    def answer(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"result": view(json.loads(request.body or b"{}"))})

    return answer


@control
def clock(asked: Asked) -> Asked:
    """Set the time: `now` (ISO 8601), `stopped`, `wall`. What is due by then happens."""
    with world.lock:
        now = datetime.fromisoformat(asked["now"])
        world.move_to(now, stopped=asked.get("stopped", False), wall=asked.get("wall", False))
    return shown_clock()


@control
def advance(asked: Asked) -> Asked:
    """Move the time on by `seconds`; `wall`: the other clock too. What is due by then happens."""
    with world.lock:
        world.move_to(world.clock.now() + timedelta(seconds=asked["seconds"]), wall=asked.get("wall", False))
    return shown_clock()


def shown_clock() -> Asked:
    return {"now": world.clock.now().isoformat(), "wall": world.clock.wall().isoformat()}


@control
def platform(asked: Asked) -> str:
    """Where webhooks go and hosted pages lead back to: `url`, such as that of a test's live server."""
    world.outbox.platform = asked["url"].rstrip("/")
    return world.outbox.platform


@control
def mode(asked: Asked) -> str:
    """What becomes of new events: `mode` is send, double, hold or lose."""
    world.outbox.mode = asked["mode"]
    return world.outbox.mode


@control
def trouble(asked: Asked) -> Asked:
    """What is wrong with a provider's API: `provider`, and `trouble`: down, slow (by `seconds`), nonsense, or empty."""
    world.troubles[asked["provider"]] = asked["trouble"]
    world.slow_seconds = asked.get("seconds", world.slow_seconds)
    return world.troubles


@control
def events(asked: Asked) -> list[Asked]:
    """All events, oldest first."""
    return [shown_event(event) for event in world.outbox.shown()]


@control
def release(asked: Asked) -> list[int]:
    """Send what waits: `order` (as_happened, reversed, shuffled), `copies`, `seed`."""
    return world.outbox.release(
        order=asked.get("order", "as_happened"), copies=asked.get("copies", 1), seed=asked.get("seed", 0)
    )


@control
def send(asked: Asked) -> list[int]:
    """Send the events with these `ids` (again), also lost ones, in this order."""
    return world.outbox.send(world.outbox.events[event_id] for event_id in asked["ids"])


@control
def signed(asked: Asked) -> list[Asked]:
    """The exact bodies and headers of the events with these `ids`, signed now, for whoever posts them himself."""
    made = [world.outbox.signed(world.outbox.events[event_id]) for event_id in asked["ids"]]
    return [{"body": body.decode(), "headers": headers} for body, headers in made]


@control
def journal(asked: Asked) -> list[Asked]:
    """The latest requests to the API of `provider` with their answers, oldest first."""
    return [entry for entry in world.journal if entry["provider"] == asked["provider"]]


@control
def forget(asked: Asked) -> str:
    """Begin anew."""
    with world.lock:
        world.forget()
    return "forgotten"


def shown_event(event: Event) -> Asked:
    return {
        "id": event.id,
        "provider": event.provider,
        "answers": event.answers,
        "lost": event.lost,
        "body": event.body,
    }


urlpatterns = [
    path("clock", clock),
    path("advance", advance),
    path("platform", platform),
    path("mode", mode),
    path("trouble", trouble),
    path("events", events),
    path("release", release),
    path("send", send),
    path("signed", signed),
    path("journal", journal),
    path("forget", forget),
]
