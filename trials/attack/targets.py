"""All that can be asked of the platform: each address with its parameters, be they in path, query, form or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from trials.attack.crawl import Walk
from trials.attack.people import Browser

TESTER, VISITOR = "tester", "visitor"
# What lists of the API take, which no form or link on a page says; tests/trials/test_asking.py holds it to their forms.
PLACE = ("cursor", "page_size")
API = {
    "/api/tutorials": ("q", "topic", "difficulty", "access", "tag", "exact", *PLACE),
    "/api/posts": ("q", "order", "category", "tag", "type", "tutorial", "author", *PLACE),
    "/api/users": ("q", "role", *PLACE),
    "/api/posts/similar": ("title",),
    "/api/notifications": ("unread", *PLACE),
    "/api/bookmarks": PLACE,
    "/api/users/me/sessions": PLACE,
    "/api/users/me/login-history": PLACE,
    "/api/subscription/invoices": PLACE,
    "/api/moderation/cases": PLACE,
    "/api/analytics/summary": ("from", "to", "tier", "country", "device", "topic"),
    "/api/analytics/series": (
        *("from", "to", "tier", "country", "device", "topic", "metric", "dimension", "key", "interval"),
    ),
}
# Address → why nothing is asked there. docs/security.md tells the same.
LEFT_OUT = {
    r"^/accounts/logout/$": "ends the session of the one who asks",
    r"^/settings/sessions/[^/]+/end/$": "ends the session of the one who asks, if it is that one",
    r"^/accounts/2fa/totp/deactivate/$": "takes away the factor, and with it the rights, of the one who asks",
}
# What those see who have not signed in, and nobody else.
OF_VISITORS = re.compile(r"^/accounts/(?:login|signup|password/reset|2fa/authenticate|3rdparty)|^/api/auth/")
# Names that say nothing of what is asked for: they guard the form, or lead on from it.
NOT_ASKED = {"csrfmiddlewaretoken", "next"}
# What stands in the place of a name in a path: what a list of the API tells, and else one of these.
LISTS = {"/api/comments": "/api/posts/{id}/comments"}
KEYS = {"user_id": "id", "key_id": "id"}
PLACES = {
    "slug": "none",
    "session_id": "00000000-0000-4000-8000-000000000000",
    "place": "post",
    "tag": "prompting",
    "block": "introduction",
    "name": "none.webp",
}
# What is said under a name so that the rest of the request is good, and what is asked comes to a statement.
VALUES: dict[str, str] = {
    "q": "prompt",
    "page_size": "10",
    "metric": "visits",
    "level": "watching",
    "category": "prompting",
    "topic": "foundations",
    "handle": "tess-tester",
    "name": "Tess Tester",
    "display_name": "Tess Tester",
    "time_zone": "Europe/Paris",
    "language": "en",
    "links": "https://howtoai.example/",
    "plan": "premium",
    "interval": "month",
    "block": "",
    "visit": "",
    "about_visible_to": "members",
    "learning_visible_to": "members",
    "activity_visible_to": "members",
    **dict.fromkeys(("mention", "comment", "reply", "accepted", "like", "moderation", "queue"), "daily"),
    **dict.fromkeys(("watched_comment", "watched_post"), "daily"),
}
# What is told of a null in JSON.
NOTHING = "null"
ASKED_WITH = {"q", "page_size", "metric"}
SAMPLES: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "null": None}
FORMATS = {"email": "somebody@howtoai.example", "date-time": "2036-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Request:
    """One request as it goes out; `content` is a form or JSON, and empty where all stands in the address."""

    method: str
    address: str
    content: str
    kind: str


@dataclass(frozen=True)
class Target:
    method: str
    # Names in braces are filled from `places`.
    path: str
    # Of the query, or of a form if it is posted and has no body.
    fields: tuple[tuple[str, str], ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    # JSON
    body: str = ""

    @property
    def by(self) -> str:
        """Who asks."""
        return VISITOR if OF_VISITORS.search(self.path) else TESTER

    @property
    def spoils(self) -> bool:
        """Whether others find less afterwards."""
        return self.method == "DELETE" or self.path.endswith(("/archive", "/ban", "/delete/"))

    def order(self) -> tuple[bool, ...]:
        """What others need last, and before it the API first, since all of it is known and its answers are quick."""
        return self.spoils, not self.path.startswith("/api/"), self.method != "GET", not self.body

    @property
    def parameters(self) -> list[str]:
        """`{slug}` stands in the path, `name` in the query or the form, and `.events.0.name` in the JSON."""
        inside = ["." + ".".join(map(str, at)) for at in leaves(json.loads(self.body))] if self.body else []
        return [*(f"{{{name}}}" for name, _ in self.places), *(name for name, _ in self.fields), *inside]

    def request(self, say: Callable[[str, str], str]) -> Request:
        """With what `say` makes of each parameter and what stands in it."""
        path = self.path
        for name, value in self.places:
            path = path.replace(f"{{{name}}}", quote(say(f"{{{name}}}", value), safe="*"))
        fields = urlencode([(name, say(name, value)) for name, value in self.fields], safe="*")
        if self.body:
            kept = json.loads(self.body)
            for at in leaves(kept):
                kept = with_leaf(kept, at, partial(said, say, at))
            return Request(self.method, f"{path}?{fields}" if fields else path, json.dumps(kept), "application/json")
        if self.method == "POST" and fields:
            return Request(self.method, path, fields, "application/x-www-form-urlencoded")
        return Request(self.method, f"{path}?{fields}" if fields else path, "", "")


def said(say: Callable[[str, str], str], at: tuple[str | int, ...], value: Any) -> Any:
    """What is put in one place of the JSON: what stood there, of its own type, where nothing is said."""
    text = value if isinstance(value, str) else json.dumps(value)
    told = say("." + ".".join(map(str, at)), text)
    return value if told == text else told


def leaves(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where in a JSON value the plain values stand."""
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, (*at, name))]
    if isinstance(value, list):
        return [leaf for place, each in enumerate(value) for leaf in leaves(each, (*at, place))]
    return [at]


def with_leaf(value: Any, at: tuple[str | int, ...], change: Callable[[Any], Any]) -> Any:
    if not at:
        return change(value)
    if isinstance(value, dict):
        return value | {at[0]: with_leaf(value[at[0]], at[1:], change)}
    return [with_leaf(each, at[1:], change) if place == at[0] else each for place, each in enumerate(value)]


def targets(walks: Iterable[Walk], described: Iterable[Target]) -> list[Target]:
    """From links and forms that were found, the API's lists and its schema; each address with the same names once."""
    found: dict[tuple[str, str, tuple[str, ...]], Target] = {}

    def add(target: Target) -> None:
        kind = re.sub(r"/\d+(?=/|$)", "/#", target.path)
        if target.parameters and not why_left_out(target.path):
            found.setdefault((target.method, kind, tuple(sorted(target.parameters))), target)

    for path, names in API.items():
        add(Target("GET", path, fields(sampled(names))))
    for target in described:
        add(target)
    for walk in walks:
        for address in walk.status:
            split = urlsplit(address)
            add(Target("GET", split.path, fields(dict(parse_qsl(split.query, keep_blank_values=True)))))
        for form in walk.forms:
            add(Target(form.method.upper(), form.action, fields(dict(form.fields))))
    return sorted(found.values(), key=Target.order)


def why_left_out(path: str) -> str:
    return next((why for pattern, why in LEFT_OUT.items() if re.search(pattern, path)), "")


def fields(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in given.items() if name not in NOT_ASKED)


def from_schema(browser: Browser) -> list[Target]:
    """Each operation that the API describes, with what may stand in its path, its query and its JSON."""
    answer = browser.get("/api/schema", Accept="application/vnd.oai.openapi+json, application/json")
    if answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
        return []
    schema, lists = answer.json(), Lists(browser)
    return [
        Target(each.method, each.path, each.fields, lists.places_of(each.path), each.body) for each in described(schema)
    ]


def described(schema: dict[str, Any]) -> Iterator[Target]:
    """Each operation; the names in its path with what stands there in default of anything better."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            query = [each["name"] for each in operation.get("parameters", []) if each.get("in") == "query"]
            # Uploads are left out: a file is decoded, never looked for.
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            yield Target(
                method.upper(),
                path,
                fields(sampled(query)),
                tuple((name, PLACES.get(name, "1")) for name in names_in(path)),
                json.dumps(sample(content["schema"], schema)) if content else "",
            )


def sampled(names: Iterable[str]) -> dict[str, str]:
    """What stands in a query beside what is tried; nothing at all is as good as a filter that is not there."""
    return {name: VALUES.get(name, "") if name in ASKED_WITH else "" for name in names}


def names_in(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def sample(shape: dict[str, Any], schema: dict[str, Any], name: str = "") -> Any:
    """A value of a shape that the schema describes, for that name."""
    while "$ref" in shape:
        shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    kinds = shape.get("type", "string")
    if "enum" in shape:
        return None if None in shape["enum"] else shape["enum"][0]
    kind = "null" if "null" in kinds else kinds
    if kind == "object":
        # Where any name may stand, one does.
        properties = shape.get("properties") or {"1": {"type": "string"}}
        return {each: sample(inner, schema, each) for each, inner in properties.items()}
    if kind == "array":
        return [sample(shape["items"], schema, name)]
    if kind == "string":
        return FORMATS.get(shape.get("format", ""), VALUES.get(name, "1"))
    return SAMPLES[kind]


class Lists:
    """What there is on the platform, by the lists of its API; each is asked once."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.known: dict[str, list[dict[str, Any]]] = {}

    def places_of(self, path: str) -> tuple[tuple[str, str], ...]:
        """What stands in the places of a path: what exists, so that questions come as far as they can."""
        places: dict[str, str] = {}
        for name in names_in(path):
            before = path.partition(f"/{{{name}}}")[0]
            rows = [] if name == "session_id" else self.rows(filled(before, places))
            told = rows[len(rows) // 2].get(KEYS.get(name, name)) if rows else None
            places[name] = str(told or PLACES.get(name, "1"))
        return tuple(places.items())

    def rows(self, address: str) -> list[dict[str, Any]]:
        address = filled(LISTS[address], dict(self.places_of(LISTS[address]))) if address in LISTS else address
        if address not in self.known:
            answer = self.browser.get(f"{address}?page_size=100")
            told = answer.json() if answer.status_code == 200 else {}
            self.known[address] = told.get("results", []) if isinstance(told, dict) else []
        return self.known[address]


def filled(path: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        path = path.replace(f"{{{name}}}", value)
    return path
