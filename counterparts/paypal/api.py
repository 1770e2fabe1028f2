"""What every call of PayPal's API has in common: who calls, in which form, how often, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict

from counterparts import settings
from counterparts.paypal import errors
from counterparts.paypal.errors import Refusal
from counterparts.paypal.tokens import is_good
from counterparts.troubles import troubled
from counterparts.world import Thing, world


@dataclass(frozen=True)
class Call:
    """A request, read."""

    body: Any
    query: QueryDict
    # `Prefer: return=representation`: the whole object comes back, not only its name, state and links.
    wants_all: bool


# The status, and what is in the answer; None for an empty one.
Answer = tuple[int, Thing | None]
View = Callable[..., Answer]


def calls(**views: View) -> Callable[..., HttpResponse]:
    """The view of one address, such as `calls(GET=show, PATCH=change)`."""

    def view(request: HttpRequest, **names: str) -> HttpResponse:
        trouble = troubled("paypal")
        if trouble is not None:
            return trouble
        if request.method not in views:
            return HttpResponseNotAllowed(views)
        # Shown under the lock: the object lives on.
        with world.lock:
            try:
                status, thing = answer_once(request, views[request.method], names)
            except Refusal as refusal:
                status, thing = refusal.status, refusal.body
            return HttpResponse(status=status) if thing is None else JsonResponse(thing, status=status)

    return view


def answer_once(request: HttpRequest, view: View, names: dict[str, str]) -> Answer:
    """A POST with a PayPal-Request-Id is done once; the next one with it is given the first answer."""
    if not is_good(request.headers.get("Authorization", "")):
        raise errors.unauthenticated()
    request_id = request.headers.get("PayPal-Request-Id", "")
    key = f"paypal {request.path} {request_id}"
    if request.method == "POST" and request_id and key in world.answers:
        status, thing = world.answers[key]
        return 200 if status == 201 else status, thing
    answer = view(read(request), **names)
    if request.method == "POST" and request_id:
        # A copy: the object that it shows lives on.
        world.answers[key] = json.loads(json.dumps(answer))
    return answer


def read(request: HttpRequest) -> Call:
    body: Any = {}
    if request.body:
        if request.content_type != "application/json":
            raise errors.unsupported_media_type()
        try:
            body = json.loads(request.body)
        except ValueError:
            raise errors.invalid(None) from None
    return Call(body, request.GET, "return=representation" in request.headers.get("Prefer", ""))


def find(kind: str, name: str) -> Thing:
    """An object by its id."""
    try:
        return world.things[f"paypal.{kind}"][name]
    except KeyError:
        raise errors.not_there() from None


def require(body: Thing, *fields: str) -> None:
    for field in fields:
        if body.get(field) in (None, "", []):
            raise errors.invalid(errors.MISSING, f"/{field}")


def number(query: QueryDict, name: str, default: int, highest: int) -> int:
    """A whole number in the address, from 1 to `highest`."""
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= highest:
        raise errors.invalid(errors.INVALID, name, text)
    return int(text)


def page_of(call: Call, kind: str, things: list[Thing], path: str) -> Thing:
    """One page of a list, as all of them look."""
    size, page = number(call.query, "page_size", 10, 20), number(call.query, "page", 1, 100_000)
    pages = -(-len(things) // size)
    shown: Thing = {"links": [link(f"{path}?page_size={size}&page={page}", "self")]}
    if page < pages:
        shown["links"].append(link(f"{path}?page_size={size}&page={page + 1}", "next"))
    if here := things[(page - 1) * size : page * size]:
        shown[kind] = here
    if call.query.get("total_required") == "true":
        shown |= {"total_items": len(things), "total_pages": pages}
    return shown


def link(path: str, rel: str, method: str = "GET") -> Thing:
    return {"href": f"{settings.OWN_URL}/paypal{path}", "rel": rel, "method": method}


def now() -> datetime:
    """PayPal knows whole seconds."""
    return world.clock.now().replace(microsecond=0)


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """Raises ValueError for what is not a time with a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC).replace(microsecond=0)
