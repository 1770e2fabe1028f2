"""The line to PayPal: its REST API, and what it answers, in our words."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from django.conf import settings

from billing.gateways.base import NotThere, ProviderAway, Refused
from billing.gateways.patience import Patience
from billing.money import amount_from

Thing = dict[str, Any]

TIMEOUT = httpx.Timeout(10, connect=3)
# A token is no longer used so long before its end: the call must arrive in time.
MARGIN = 60  # seconds
# It is busy with the same thing, or with too much: later, perhaps.
LATER = (408, 409, 429)


class Line:
    """Signs in when it has to. One for a process, shared by its threads."""

    def __init__(self, base: str, client_id: str, secret: str) -> None:
        self.base = base
        self.http = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)
        self.patience = Patience("PayPal")
        self.credentials = httpx.BasicAuth(client_id, secret)
        self.lock = threading.Lock()
        self.token = ""
        self.good_until = 0.0

    def call(self, method: str, path: str, *, key: str = "", **request: Any) -> Any:
        """The JSON of the answer, None if it is empty. The same `key` never does the same thing twice.

        Raises ProviderAway, Refused, NotThere.
        """
        headers = {"Prefer": "return=representation"} | ({"PayPal-Request-Id": key} if key else {})
        answer = self.send(method, path, headers=headers, **request)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # The token was withdrawn, or its end came sooner than was said.
            self.token = ""
            answer = self.send(method, path, headers=headers, **request)
        return read(answer)

    def send(self, method: str, path: str, *, headers: dict[str, str], **request: Any) -> httpx.Response:
        with out_of_reach():
            signed = headers | {"Authorization": f"Bearer {self.signed_in()}"}
            with self.patience.asking():
                return self.http.request(method, f"{self.base}{path}", headers=signed, **request)

    def signed_in(self) -> str:
        """A token that is good for a while."""
        with self.lock:
            if not self.token or time.monotonic() >= self.good_until:
                asked = {"grant_type": "client_credentials"}
                with self.patience.asking():
                    answer = self.http.post(f"{self.base}/v1/oauth2/token", data=asked, auth=self.credentials)
                given = read(answer)
                self.token = str(given["access_token"])
                self.good_until = time.monotonic() + int(given["expires_in"]) - MARGIN
            return self.token


@cache
def line_for(base: str, client_id: str, secret: str) -> Line:
    return Line(base, client_id, secret)


def line() -> Line:
    """One for this process and these settings."""
    return line_for(settings.PAYPAL_API_BASE, settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET)


@contextmanager
def out_of_reach() -> Iterator[None]:
    """What httpx raises, as ProviderAway. Its texts are left behind: they quote addresses."""
    try:
        yield
    except httpx.HTTPError as error:
        raise ProviderAway(f"PayPal: {type(error).__name__}") from None


@contextmanager
def in_our_words() -> Iterator[None]:
    """What comes of an answer that lacks what it must have, as ProviderAway."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, OverflowError, StopIteration, TypeError, ValueError) as error:
        raise ProviderAway(f"PayPal's answer is not as it should be ({type(error).__name__})") from error


def read(answer: httpx.Response) -> Any:
    """Raises ProviderAway, Refused, NotThere."""
    status = answer.status_code
    if status in LATER or status == httpx.codes.UNAUTHORIZED or status >= 500 or 300 <= status < 400:
        raise ProviderAway(f"PayPal answered {status}")
    if not answer.content:
        return None
    try:
        said = answer.json()
    except ValueError:
        raise ProviderAway("PayPal's answer is no JSON") from None
    if not isinstance(said, dict):
        raise ProviderAway("PayPal's answer is no object")
    if status == httpx.codes.NOT_FOUND:
        raise NotThere(reason_in(said))
    if status >= 400:
        raise Refused(reason_in(said))
    return said


def reason_in(refusal: Thing) -> str:
    """Its codes only: its words are for programmers. The request can be looked up at PayPal by the last one."""
    details = refusal.get("details") or [{}]
    issue = details[0].get("issue", "") if isinstance(details[0], dict) else ""
    return " ".join(str(part) for part in (issue, refusal.get("name", ""), refusal.get("debug_id", "")) if part)


def call(method: str, path: str, *, key: str = "", **request: Any) -> Any:
    return line().call(method, path, key=key, **request)


def get(path: str, **params: Any) -> Thing:
    """One object, or one page of a list. Raises NotThere, ProviderAway."""
    found: Thing = call("GET", path, params=params)
    return found


def pages(path: str, **params: Any) -> Iterator[Thing]:
    """Every page of a list. Only what the link to the next asks for is taken from it, not where it leads."""
    while True:
        page = get(path, **params)
        yield page
        following = link_in(page, "next")
        if not following:
            return
        params = dict(parse_qsl(urlsplit(following).query))


def link_in(thing: Thing, rel: str) -> str:
    """Empty if there is none."""
    return next((str(link["href"]) for link in thing.get("links", ()) if link["rel"] == rel), "")


def once(noun: str, *parts: object) -> str:
    """An idempotency key: the same parts, the same deed. PayPal remembers it for three days."""
    said = "|".join(str(part) for part in parts)
    return f"{noun}-{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def moment(text: str) -> datetime:
    """Raises ValueError for what is no time with a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC)


def moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else moment(text)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def units(money: Thing) -> int:
    """The smallest units of {"currency_code": …, "value": …}."""
    return amount_from(money["value"], money["currency_code"])
