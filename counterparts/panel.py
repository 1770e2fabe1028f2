"""The panel for people at `/`: the same as the control of tests, with buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from counterparts.webhooks import Event
from counterparts.world import Thing, world

EVENTS = 40
MODES = {"send": "sent at once", "double": "sent twice", "hold": "kept until released", "lose": "never sent"}
TROUBLES = {"": "well", "down": "down (503)", "slow": "too slow", "nonsense": "answers nonsense"}
STEPS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
# Stripe asks for the money of a renewal an hour after the period ends.
AFTER_RENEWAL = timedelta(hours=1)


def panel(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        DEEDS[str(request.POST.get("do"))](request)
        return HttpResponseRedirect("/")
    return render(request, "counterparts/panel.html", shown())


def shown() -> dict[str, Any]:
    with world.lock:
        subscriptions = [*stripe_subscriptions(), *paypal_subscriptions()]
        return {
            "now": world.clock.now(),
            "wall": world.clock.wall(),
            "is_stopped": world.clock.stopped_at is not None,
            "platform": world.outbox.platform,
            "mode": world.outbox.mode,
            "modes": MODES,
            "troubles": TROUBLES,
            "providers": [(provider, world.troubles.get(provider, "")) for provider in ("stripe", "paypal")],
            "subscriptions": subscriptions,
            "waiting": len(world.outbox.waiting()),
            "events": [shown_event(event) for event in reversed(world.outbox.shown()[-EVENTS:])],
        }


def stripe_subscriptions() -> list[Thing]:
    return [
        {
            "provider": "Stripe",
            "id": one["id"],
            "who": world.things["stripe.customer"][one["customer"]].get("email"),
            "state": one["status"] + (", ends with its period" if one["cancel_at_period_end"] else ""),
            "next": datetime.fromtimestamp(one["items"]["data"][0]["current_period_end"], UTC),
            "is_alive": one["ended_at"] is None,
        }
        for one in world.things["stripe.subscription"].values()
    ]


def paypal_subscriptions() -> list[Thing]:
    return [
        {
            "provider": "PayPal",
            "id": one["id"],
            "who": one.get("subscriber", {}).get("email_address"),
            "state": one["status"],
            "next": moment(one.get("billing_info", {}).get("next_billing_time")),
            "is_alive": one["status"] in ("ACTIVE", "SUSPENDED"),
        }
        for one in world.things["paypal.subscription"].values()
    ]


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def shown_event(event: Event) -> Thing:
    return {
        "id": event.id,
        "provider": event.provider,
        "kind": event.body.get("type") or event.body.get("event_type"),
        "answers": ", ".join(str(answer or "none") for answer in event.answers),
        "lost": event.lost,
    }


def advance(request: HttpRequest) -> None:
    """By a day or a week, or to just after the next renewal."""
    with world.lock:
        step = STEPS.get(str(request.POST.get("step")))
        if step:
            world.move_to(world.clock.now() + step)
            return
        both = [*stripe_subscriptions(), *paypal_subscriptions()]
        coming = [one["next"] for one in both if one["is_alive"] and one["next"] and one["next"] > world.clock.now()]
        if coming:
            world.move_to(min(coming) + AFTER_RENEWAL)


def set_mode(request: HttpRequest) -> None:
    world.outbox.mode = request.POST["mode"]  # type: ignore[assignment]


def set_trouble(request: HttpRequest) -> None:
    world.troubles[request.POST["provider"]] = request.POST["trouble"]


def send_again(request: HttpRequest) -> None:
    world.outbox.send([world.outbox.events[request.POST["event"]]])


def release(request: HttpRequest) -> None:
    world.outbox.release(order="as_happened", copies=1, seed=0)


DEEDS: dict[str, Callable[[HttpRequest], None]] = {
    "advance": advance,
    "mode": set_mode,
    "trouble": set_trouble,
    "send": send_again,
    "release": release,
}
