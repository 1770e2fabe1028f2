"""The line to Stripe: its official client, its answers as they came, its refusals in our words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn
from urllib.parse import quote

import stripe
from django.conf import settings

from billing.gateways.base import NotThere, ProviderAway, Refused
from billing.gateways.patience import Patience

Thing = dict[str, Any]

# It answers most questions in a fifth of a second, and takes some seconds to charge a card.
TIMEOUT = (3, 10)  # seconds to connect, and between two bytes of an answer
RETRIES = 1
LARGEST_PAGE = 100
MISSING = "resource_missing"

# The library's only switch: otherwise it reports how fast we are and leaves an identity in the home folder.
stripe.enable_telemetry = False


class PatientClient(stripe.RequestsClient):
    """Of the library's two, the one on httpx calls it in a way that is deprecated."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)
        self.patience = Patience("Stripe")

    def request(  # type: ignore[override]  # as in its own subclasses, which differ from their base
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        with self.patience.asking():
            return super().request(method, url, headers, post_data)


@cache
def client_for(key: str, base: str, version: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        stripe_version=version,
        max_network_retries=RETRIES,
        http_client=PatientClient(),
    )


def client() -> stripe.StripeClient:
    """One for this process and these settings."""
    return client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_API_VERSION)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise what Stripe's library raises, and what comes of an answer that lacks what it must have, as ProviderError.

    Theirs are left behind: their texts quote addresses and whole answers.
    """
    try:
        yield
    except stripe.CardError as error:
        raise Refused(error.code or "card_error", error.user_message or "") from None
    except stripe.InvalidRequestError as error:
        refuse(error)
    except stripe.IdempotencyError as error:
        raise Refused("idempotency_error", "") from error
    except stripe.StripeError as error:
        raise ProviderAway(f"{described(error)}, status {error.http_status}") from None
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ProviderAway(f"Stripe's answer is not as it should be: {error!r}") from error


def refuse(error: stripe.InvalidRequestError) -> NoReturn:
    """Its words are for programmers, so none are passed on; the request can be looked up at Stripe."""
    if error.code == MISSING and error.http_status == 404:
        raise NotThere(described(error)) from None
    raise Refused(f"{error.code or 'invalid_request'} in {error.param} ({described(error)})") from None


def described(error: stripe.StripeError) -> str:
    """The kind of it, such as ReadTimeout, and the number by which Stripe knows the request if it came there."""
    return f"{type(error.__cause__ or error).__name__} in request {error.request_id}"


def read(*path: str, **params: Any) -> Thing:
    """One object, or one page of a list, as it came. Raises NotThere, ProviderAway.

    The library's own objects take thirty times as long to build as the JSON takes to read: a millisecond an invoice.
    """
    with in_our_words():
        address = "/v1/" + "/".join(quote(part, safe="") for part in path)
        return thing_in(client().raw_request("get", address, **params))


def answer_of(made: stripe.StripeObject) -> Thing:
    """What Stripe sent when this was made or changed, as it came: `to_dict` turns some of its texts into numbers."""
    return thing_in(made.last_response)


def thing_in(response: stripe.StripeResponse | None) -> Thing:
    if response is None or not isinstance(response.data, dict):
        raise TypeError("not an object")
    return response.data


def pages(*path: str, **params: Any) -> Iterator[Thing]:
    """Everything in a list, newest first."""
    yield from rest_of(read(*path, limit=LARGEST_PAGE, **params), path, params)


def every(listed: Thing, *path: str, **params: Any) -> list[Thing]:
    """Everything in a list that came within an object; what did not fit is read from `path`."""
    return list(rest_of(listed, path, params))


def rest_of(page: Thing, path: tuple[str, ...], params: Thing) -> Iterator[Thing]:
    yield from page["data"]
    while page["has_more"]:
        page = read(*path, limit=LARGEST_PAGE, starting_after=page["data"][-1]["id"], **params)
        yield from page["data"]


def once(noun: str, *parts: object) -> str:
    """An idempotency key: the same parts, the same deed. Stripe remembers it for a day."""
    said = "|".join(str(part) for part in parts)
    return f"{noun}-{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def stamp(at: datetime) -> int:
    """Whole seconds since 1970."""
    return int(at.timestamp())
