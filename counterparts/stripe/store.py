"""Where the objects are: made, found, listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from counterparts.stripe.errors import invalid, missing
from counterparts.stripe.params import Asked
from counterparts.world import Thing, new_id, world

MOST = 100  # objects on one page of a list
USUAL = 10
# What some kinds do not show, which all others do.
LACKING = {
    "balance_transaction": ["livemode"],
    "discount": ["created", "livemode"],
    "invoiceitem": ["created"],
    "refund": ["livemode"],
}


def things(kind: str) -> dict[str, Thing]:
    """All objects of a kind by their ids, oldest first; `kind` is what they show as their `object`."""
    return world.things[f"stripe.{kind}"]


def make(kind: str, prefix: str, /, *, thing_id: str | None = None, **fields: Any) -> Thing:
    """A new object, kept under its id."""
    usual = {"created": now(), "livemode": False}
    for name in LACKING.get(kind, ()):
        del usual[name]
    thing = {"id": thing_id or new_id(prefix), "object": kind, **usual, **deepcopy(fields)}
    things(kind)[thing["id"]] = thing
    return thing


def get(kind: str, thing_id: str, *, param: str = "id") -> Thing:
    """The object itself, not a copy; 404 if there is none, or none any more."""
    thing = things(kind).get(thing_id)
    if thing is None or thing.get("deleted"):
        raise missing(noun(kind), thing_id, param)
    return thing


def named(kind: str, thing_id: str | None, *, param: str) -> Thing | None:
    """The object that a parameter names, if it names one; 400 if there is none, as for anything in a body."""
    if thing_id is None:
        return None
    thing = things(kind).get(thing_id)
    if thing is None or thing.get("deleted"):
        raise invalid(f"No such {noun(kind)}: '{thing_id}'", param=param, code="resource_missing")
    return thing


def noun(kind: str) -> str:
    return kind.rpartition(".")[2].replace("_", " ")


def find(kind: str, **fields: Any) -> list[Thing]:
    """Those that show these values, oldest first."""
    return [thing for thing in things(kind).values() if all(thing.get(name) == fields[name] for name in fields)]


def now() -> int:
    """Seconds since 1970 in the time of subscriptions."""
    return world.clock.timestamp()


def page(found: Iterable[Thing], asked: Asked, url: str) -> Thing:
    """A list as Stripe gives it, newest first, as `limit`, `starting_after`, `ending_before` and `created` want it."""
    newest_first = [thing for thing in reversed(list(found)) if is_within(thing, asked.get("created"))]
    limit = asked.get("limit") or USUAL
    if not 1 <= limit <= MOST:
        raise invalid(f"Invalid integer: must be between 1 and {MOST}", param="limit")
    if asked.get("ending_before"):
        end = position(newest_first, asked["ending_before"], "ending_before")
        start = max(0, end - limit)
        return listed(newest_first[start:end], url, has_more=start > 0)
    start = 0
    if asked.get("starting_after"):
        start = position(newest_first, asked["starting_after"], "starting_after") + 1
    return listed(newest_first[start : start + limit], url, has_more=len(newest_first) > start + limit)


def is_within(thing: Thing, bounds: dict[str, int] | None) -> bool:
    checks: dict[str, Callable[[int, int], bool]] = {
        "gt": int.__gt__,
        "gte": int.__ge__,
        "lt": int.__lt__,
        "lte": int.__le__,
    }
    return all(checks[name](thing["created"], bound) for name, bound in (bounds or {}).items())


def position(found: list[Thing], thing_id: str, param: str) -> int:
    for number, thing in enumerate(found):
        if thing["id"] == thing_id:
            return number
    raise invalid(f"No such object: '{thing_id}'", param=param, code="resource_missing")


def listed(data: list[Thing], url: str, *, has_more: bool = False) -> Thing:
    return {"object": "list", "url": url, "has_more": has_more, "data": data}


def chosen(kind: str, asked: Asked, *filters: str) -> list[Thing]:
    """Those of a kind that show what `asked` names of these fields, oldest first."""
    return find(kind, **{name: asked[name] for name in filters if name in asked})
