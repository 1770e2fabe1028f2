"""One request to Stripe's API: key, parameters, idempotency, errors, expansion."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from counterparts import settings
from counterparts.stripe.errors import Refused
from counterparts.stripe.expanding import expanded
from counterparts.stripe.params import Asked, Shape, anything, demand, nested, read
from counterparts.troubles import troubled
from counterparts.world import Thing, new_id, world

VERSION = "2026-05-27.dahlia"
EXPAND: dict[str, Shape] = {"expand": anything}

# The request that makes what happens now, as events show it; none if it is the clock.
NOBODY: Thing = {"id": None, "idempotency_key": None}
request_now: ContextVar[Thing] = ContextVar("request_now", default=NOBODY)


@dataclass(frozen=True)
class Endpoint:
    """What one method of one address does: with what was asked, and the ids in the address."""

    act: Callable[..., Thing]
    shape: Mapping[str, Shape]
    required: tuple[str, ...]


def takes(shape: Mapping[str, Shape] | None = None, *required: str) -> Callable[[Callable[..., Thing]], Endpoint]:
    """Make an endpoint that takes these parameters and must have the `required` ones."""
    return lambda act: Endpoint(act, {**(shape or {}), **EXPAND}, required)


def resource(**endpoints: Endpoint) -> Callable[..., HttpResponse]:
    """The view of one address: an endpoint for each method, such as `resource(GET=show, POST=update)`."""

    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        trouble = troubled("stripe")
        if trouble:
            return trouble
        made_by = {"id": new_id("req_", 14), "idempotency_key": request.headers.get("Idempotency-Key")}
        token = request_now.set(made_by)
        try:
            check_key(request)
            endpoint = endpoints.get(request.method or "")
            if endpoint is None:
                address = request.path.removeprefix("/stripe")
                raise Refused(404, f"Unrecognized request URL ({request.method}: {address}).")
            with world.at_one_moment():
                status, body, is_repeated = answer_once(request, endpoint, ids)
        except Refused as refused:
            status, body, is_repeated = refused.status, {"error": refused.error}, False
        finally:
            request_now.reset(token)
        headers = {"Request-Id": made_by["id"], "Stripe-Version": VERSION}
        if is_repeated:
            headers["Idempotent-Replayed"] = "true"
        return JsonResponse(body, status=status, headers=headers)

    return view


def check_key(request: HttpRequest) -> None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise Refused(401, "You did not provide an API key.")
    if key != settings.STRIPE_SECRET_KEY:
        raise Refused(401, f"Invalid API Key provided: {key[:8]}****{key[-4:]}")


def answer_once(request: HttpRequest, endpoint: Endpoint, ids: dict[str, str]) -> tuple[int, Thing, bool]:
    """Status, body, and whether both are those of an earlier request with the same key.

    As at Stripe, what was refused for its parameters is not remembered.
    """
    given = request.GET if request.method != "POST" else QueryDict(request.body, encoding="utf-8")
    pairs = [(name, value) for name, values in given.lists() for value in values]
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    sameness = json.dumps([request.path, sorted(pairs)])
    if f"stripe:{key}" in world.answers:
        same, status, body = world.answers[f"stripe:{key}"]
        if same != sameness:
            raise Refused(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                kind="idempotency_error",
            )
        return status, body, True
    status, body = answer(endpoint, nested(pairs), ids)
    if key and status in (200, 402):
        world.answers[f"stripe:{key}"] = (sameness, status, deepcopy(body))
    return status, body, False


def answer(endpoint: Endpoint, given: Asked, ids: dict[str, str]) -> tuple[int, Thing]:
    asked: Asked = read(endpoint.shape, given)
    demand(asked, *endpoint.required)
    wanted = asked.pop("expand", None) or {}
    try:
        thing = endpoint.act(asked, **ids)
    except Refused as refused:
        # A card that is declined is an outcome like any other, and is remembered as one.
        if refused.status != 402:
            raise
        return 402, {"error": refused.error}
    return 200, expanded(thing, list(wanted.values()) if isinstance(wanted, dict) else [])
