"""People and programs who use the site while it is broken, and keep a ledger of what was promised to them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from common.identities import new_id
from trials.platform import AS_PROXY, Platform, wait_until

WRITERS, PAYERS = 3, 10
PASSWORD = "how-to-ai-under-load"
TUTORIAL = "/tutorials/prompting-that-works/"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
# A person who waits longer has gone.
PATIENCE = 10.0  # seconds
# Moderators, whom no limit of the community holds up.
PEOPLE = f"""
from allauth.account.models import EmailAddress
from accounts.models import Role
from accounts.services.people import register, set_role
from community.models import Category
from community.services import writing
from billing.services.offers import sync_plans
category = Category.objects.create(name="Load", slug="load")
asker = register(email="asker@howtoai.example", password={PASSWORD!r}, name="Asker", confirmed=True)
values = {{"title": "What happens?", "body": "While all breaks.", "type": "question", "tags": [], "category": category}}
print(writing.publish_post(author=asker, values=values).pk)
for number in range({WRITERS}):
    person = register(email=f"writer-{{number}}@howtoai.example", password={PASSWORD!r}, confirmed=True)
    set_role(user=person, role=Role.MODERATOR)
for number in range({PAYERS}):
    register(email=f"payer-{{number}}@howtoai.example", password={PASSWORD!r}, confirmed=True)
sync_plans()
"""


@dataclass
class Ledger:
    """What one kind of act came to: each has a name of its own, by which it is found again."""

    kind: str
    sent: set[str] = field(default_factory=set)
    # Name → when the act began, and when it was promised (monotonic seconds).
    promised: dict[str, tuple[float, float]] = field(default_factory=dict)
    # Answers that were none, by what they were.
    refused: list[tuple[float, str]] = field(default_factory=list)

    def promised_since(self, moment: float) -> list[float]:
        """When acts that began after this moment were promised."""
        return sorted(done for began, done in list(self.promised.values()) if began >= moment)

    def refused_since(self, moment: float) -> list[str]:
        return [what for at, what in list(self.refused) if at >= moment]


@dataclass
class Load:
    """Everybody at once, until it ends; what they were promised stands in the ledgers."""

    platform: Platform
    post: int
    keys: list[str]
    comments: Ledger = field(default_factory=lambda: Ledger("comments"))
    events: Ledger = field(default_factory=lambda: Ledger("events"))
    pages: Ledger = field(default_factory=lambda: Ledger("pages"))
    slowest: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        return (self.comments, self.events, self.pages)

    @contextmanager
    def running(self) -> Iterator[Load]:
        self.stopping.clear()
        acts = [*(self.writing(key) for key in self.keys), self.counting, self.reading]
        threads = [threading.Thread(target=self.repeat, args=(act,), daemon=True) for act in acts]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join(PATIENCE * 2)

    def repeat(self, act: Callable[[httpx.Client], None]) -> None:
        """One who does it again and again, with a new connection where the old one broke."""
        while not self.stopping.is_set():
            with httpx.Client(
                base_url=self.platform.url, headers=AS_PROXY, timeout=PATIENCE, trust_env=False
            ) as client:
                try:
                    while not self.stopping.is_set():
                        act(client)
                except httpx.HTTPError:
                    self.stopping.wait(0.1)

    def writing(self, key: str) -> Callable[[httpx.Client], None]:
        def write(client: httpx.Client) -> None:
            name = str(uuid4())
            body = {"body": f"What happened is {name}, and nothing else."}
            headers = {"Authorization": f"Api-Key {key}"}
            self.act(
                self.comments,
                [name],
                lambda: client.post(f"/api/posts/{self.post}/comments", json=body, headers=headers),
                201,
            )
            self.stopping.wait(0.1)

        return write

    def counting(self, client: httpx.Client) -> None:
        events = [{"id": str(new_id()), "name": "page_view", "path": TUTORIAL, "properties": {}} for _ in range(5)]
        headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": BROWSER, "Content-Type": "application/json"}
        content = json.dumps({"events": events})
        self.act(
            self.events,
            [str(event["id"]) for event in events],
            lambda: client.post("/api/analytics/events", content=content, headers=headers),
            202,
        )
        # A visitor may send a thousand a minute.
        self.stopping.wait(0.35)

    def reading(self, client: httpx.Client) -> None:
        self.act(self.pages, [str(uuid4())], lambda: client.get(TUTORIAL), 200)
        self.stopping.wait(0.1)

    def act(self, ledger: Ledger, names: list[str], ask: Callable[[], httpx.Response], good: int) -> None:
        began = time.monotonic()
        ledger.sent.update(names)
        try:
            answer = ask()
        except httpx.HTTPError as error:
            ledger.refused.append((began, type(error).__name__))
            raise
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        if answer.status_code == good:
            ledger.promised.update(dict.fromkeys(names, (began, began + took)))
        else:
            ledger.refused.append((began, str(answer.status_code)))

    def more(self, count: int = 20, *, seconds: float = 60.0, since: float | None = None) -> bool:
        """Whether so many more of every kind are promised in time, of acts begun from now on."""
        moment = time.monotonic() if since is None else since
        return wait_until(lambda: all(len(ledger.promised_since(moment)) >= count for ledger in self.ledgers), seconds)

    def first_after(self, moment: float) -> float:
        """Seconds until each kind of act was promised again, of those begun after a moment."""
        return max(min(ledger.promised_since(moment), default=float("inf")) for ledger in self.ledgers) - moment


def settle_in(platform: Platform) -> Load:
    """Make who is needed, and give each a key. The platform must be running."""
    post = int(platform.shell(PEOPLE).splitlines()[-1])
    return Load(platform, post, [key_of(platform, f"writer-{number}@howtoai.example") for number in range(WRITERS)])


def sign_in(platform: Platform, email: str) -> dict[str, str]:
    """Both tokens, in `access` and `refresh`."""
    asked = {"email": email, "password": PASSWORD, "token_delivery": "body"}
    answer = httpx.post(f"{platform.url}/api/auth/login", json=asked, headers=AS_PROXY, timeout=30, trust_env=False)
    answer.raise_for_status()
    tokens: dict[str, str] = answer.json()
    return tokens


def key_of(platform: Platform, email: str) -> str:
    bearer = AS_PROXY | {"Authorization": f"Bearer {sign_in(platform, email)['access']}"}
    asked = {"name": "load", "scopes": ["write"]}
    answer = httpx.post(
        f"{platform.url}/api/users/me/api-keys", json=asked, headers=bearer, timeout=30, trust_env=False
    )
    answer.raise_for_status()
    return str(answer.json()["key"])
