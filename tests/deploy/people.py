"""What people do while a release comes in: each is a thread with a network of its own, and writes down every answer."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle

import httpx

from common.identities import new_id
from tests.deploy.stage import Stage
from tests.factories import PASSWORD

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
PATIENCE = 30  # seconds that anybody waits for an answer
EVENTS_AT_ONCE = 20
# What somebody does, and for how many seconds they pause then.
Deed = Callable[[httpx.Client, "Notes"], float]


@dataclass
class Notes:
    """Answers by what was asked; what was acknowledged; and what was not answered as it should have been."""

    answers: Counter[str] = field(default_factory=Counter)
    amiss: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    events: set[str] = field(default_factory=set)
    slowest: float = 0.0

    def keep(self, what: str, response: httpx.Response, *expected: int) -> bool:
        """Whether it was answered as expected."""
        self.slowest = max(self.slowest, response.elapsed.total_seconds())
        if response.status_code in expected:
            self.answers[what] += 1
            return True
        self.amiss.append(f"{what}: {response.status_code} {response.text[:200]}")
        return False


@contextmanager
def at_it(stage: Stage, notes: Notes, *deeds: Deed) -> Iterator[None]:
    """Each of these again and again, as long as the block runs."""
    ended = threading.Event()
    threads = [
        threading.Thread(target=go_on, args=(stage, notes, deed, number, ended))
        for number, deed in enumerate(deeds, start=1)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def go_on(stage: Stage, notes: Notes, deed: Deed, number: int, ended: threading.Event) -> None:
    # Nothing is ever tried again: each request has to be answered.
    transport = httpx.HTTPTransport(verify=stage.trust(), local_address=f"127.0.1.{number}", retries=0)
    with httpx.Client(
        base_url=stage.url, transport=transport, timeout=PATIENCE, headers={"User-Agent": BROWSER}
    ) as client:
        while not ended.is_set():
            pause = 0.0
            try:
                pause = deed(client, notes)
            except httpx.HTTPError as error:
                notes.amiss.append(f"{getattr(deed, '__name__', deed)}: {error!r}")
            ended.wait(pause)


def reading(addresses: list[str]) -> Deed:
    """Pages, and with each the first of the static files that it names."""
    turns = cycle(addresses)

    def read(client: httpx.Client, notes: Notes) -> float:
        response = client.get(next(turns))
        if notes.keep("page", response, 200) and (named := re.search(r'"(/static/[^"]+\.css)"', response.text)):
            notes.keep("static file", client.get(named[1]), 200)
        # A machine of two cores is to have room for a server that starts.
        return 0.05

    return read


def signing_in(email: str) -> Deed:
    """By the form, and out again."""

    def sign_in(client: httpx.Client, notes: Notes) -> float:
        client.cookies.clear()
        page = client.get("/accounts/login/")
        if not notes.keep("form", page, 200):
            return 1
        form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token_in(page.text)}
        headers = {"Referer": str(client.base_url) + "/accounts/login/"}
        if notes.keep("sign-in", client.post("/accounts/login/", data=form, headers=headers), 302):
            notes.keep("page of a member", client.get("/learning/"), 200)
        # A network may sign in thirty times a minute.
        return 2.2

    return sign_in


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def commenting(emails: list[str], post: int) -> Deed:
    """In turns, a write that must not be done twice and one that may."""
    numbers = count(1)
    turns = cycle(emails)
    signed_in: dict[str, dict[str, str]] = {}

    def comment(client: httpx.Client, notes: Notes) -> float:
        email = next(turns)
        if email not in signed_in:
            body = {"email": email, "password": PASSWORD, "token_delivery": "body"}
            response = client.post("/api/auth/login", json=body)
            if notes.keep("sign-in at the API", response, 200):
                signed_in[email] = {"Authorization": f"Bearer {response.json()['access']}"}
            return 1
        text = f"Answer {next(numbers)} of {email}: ask more precisely, and say what you have tried so far."
        response = client.post(f"/api/posts/{post}/comments", json={"body": text}, headers=signed_in[email])
        if notes.keep("comment", response, 201):
            notes.comments.append(text)
        notes.keep("like", client.put(f"/api/posts/{post}/like", headers=signed_in[email]), 200)
        # A newcomer may write thirty an hour.
        return 3

    return comment


def counting() -> Deed:
    """Batches of events, as pages send them."""

    def send(client: httpx.Client, notes: Notes) -> float:
        ids = [str(new_id()) for _ in range(EVENTS_AT_ONCE)]
        events = [{"id": each, "name": "feature", "feature": "copy_code", "properties": {}} for each in ids]
        headers = {"Sec-Fetch-Site": "same-origin"}
        response = client.post("/api/analytics/events", json={"events": events}, headers=headers)
        if notes.keep("batch of events", response, 202) and response.json()["accepted"] == EVENTS_AT_ONCE:
            notes.events.update(ids)
        # A visitor may send a thousand a minute.
        return 1.3

    return send
