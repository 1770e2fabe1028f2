"""Every parameter that pages, forms and API take, asked with what breaks out of a statement: by us, and by sqlmap."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from trials.attack.crawl import Walk
from trials.attack.findings import Finding
from trials.attack.people import Browser

PART, MAP_PART = "injection", "sqlmap"
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
SLEEP = 3  # seconds
PAYLOADS = (
    "'\"`);--\\",
    f"'||pg_sleep({SLEEP})||'",
    "%' AND 1=CAST(version() AS int)--",
    "%00",
    f"1;SELECT pg_sleep({SLEEP})--",
    "99999999999999999999",
    "a" * 3_000,
    f"(SELECT 1 FROM pg_sleep({SLEEP}))",  # noqa: S608 - that it is one is the point
    "') OR ('1'='1",
    "-1",
    "\U0001f4a5\u202e",
    "{{7*7}}",
)
TOLD = re.compile(r"psycopg|SQLSTATE|syntax error at or near|PostgreSQL \d|unterminated quoted|invalid input syntax")
# Nothing that ends a session, or that mails, pays or changes who somebody is.
LEFT_OUT = re.compile(
    r"logout|erasure|password|email|2fa|checkout|portal|3rdparty|passkey|login|signup|end|exports|picture|images"
)
NEEDED = {"/api/analytics/series": {"metric": "views"}}
# What sqlmap says when it is sure; before that it says what appears to be, and looks again.
FOUND = re.compile(r"^Parameter: .*$", re.MULTILINE)


@dataclass(frozen=True)
class Target:
    method: str
    path: str
    fields: tuple[tuple[str, str], ...]


def targets(walks: Iterable[Walk], schema: dict[str, tuple[str, ...]]) -> list[Target]:
    """From links and forms that were found, the API's lists and its schema; each address with the same names once."""
    found: dict[tuple[str, str, tuple[str, ...]], Target] = {}

    def add(method: str, path: str, fields: dict[str, str]) -> None:
        fields = {name: value for name, value in fields.items() if name not in ("csrfmiddlewaretoken", "next")}
        kind = re.sub(r"/\d+(?=/|$)", "/#", path)
        if fields and not LEFT_OUT.search(path):
            found.setdefault((method, kind, tuple(sorted(fields))), Target(method, path, tuple(fields.items())))

    for path, names in {**schema, **API}.items():
        add("GET", path, dict.fromkeys(names, "") | NEEDED.get(path, {}))
    for walk in walks:
        for address in walk.status:
            split = urlsplit(address)
            add("GET", split.path, dict(parse_qsl(split.query, keep_blank_values=True)))
        for form in walk.forms:
            add(form.method.upper(), form.action, dict(form.fields))
    return list(found.values())


def from_schema(browser: Browser) -> dict[str, tuple[str, ...]]:
    """Names in the query of each path without placeholders, where the API describes itself."""
    answer = browser.get("/api/schema", Accept="application/vnd.oai.openapi+json, application/json")
    if answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
        return {}
    return {
        path: tuple(each["name"] for each in operations["get"].get("parameters", []) if each.get("in") == "query")
        for path, operations in answer.json()["paths"].items()
        if "get" in operations and "{" not in path
    }


def asking(browser: Browser, found: list[Target], tell: Callable[[str], None], *, seconds: float) -> Iterator[Finding]:
    """Every field with one payload after the other, until the time is over: none waits for what others are asked."""
    ends, fields = time.monotonic() + seconds, [(target, name) for target in found for name, _ in target.fields]
    asked = 0
    for payload in PAYLOADS:
        for target, name in fields:
            if time.monotonic() > ends:
                break
            asked += 1
            yield from answered(browser, target, name, payload)
    tell(f"{len(fields)} parameters of {len(found)} targets, {asked / len(fields):.1f} texts each of {len(PAYLOADS)}")
    if asked < len(fields):
        yield Finding(PART, "the time was over before every parameter was asked", f"{asked} of {len(fields)}")
    if browser.get("/settings/profile/").status_code != 200:
        tell("whoever asked is not signed in any more, so the last of it was asked by a visitor")


def answered(browser: Browser, target: Target, name: str, payload: str) -> Iterator[Finding]:
    """What is wrong with the answer to one question."""
    began = time.monotonic()
    answer = ask(browser, target, dict(target.fields) | {name: payload})
    took = time.monotonic() - began
    where = f"{target.method} {target.path} {name}={payload[:30]!r}"
    if answer.status_code >= 500:
        yield Finding(PART, f"an answer of {answer.status_code}", where)
    if took >= SLEEP and "sleep" in payload:
        yield Finding(PART, "an answer that slept", where)
    if TOLD.search(answer.text):
        yield Finding(PART, "words of the database in an answer", where)


def ask(browser: Browser, target: Target, fields: dict[str, str]) -> httpx.Response:
    if target.method == "GET":
        return browser.get(f"{target.path}?{urlencode(fields)}")
    return browser.post(target.path, fields)


def mapped(
    browser: Browser, found: list[Target], sqlmap: Path, folder: Path, tell: Callable[[str], None], *, seconds: float
) -> Iterator[Finding]:
    """sqlmap at each target, two at a time, until the time is over: those that are looked at first, then forms."""
    ends, done = time.monotonic() + seconds, []

    def look(numbered: tuple[int, Target]) -> str:
        if time.monotonic() > ends:
            return ""
        number, target = numbered
        done.append(target)
        return run(browser, target, sqlmap, folder / str(number), max(5.0, ends - time.monotonic()))

    ordered = sorted(found, key=lambda target: target.method)
    with ThreadPoolExecutor(2) as both:
        for target, said in zip(ordered, both.map(look, enumerate(ordered)), strict=True):
            for line in sorted(set(FOUND.findall(said))):
                yield Finding(MAP_PART, line.strip(), f"{target.method} {target.path}")
    names = sum(len(target.fields) for target in done)
    tell(f"{len(done)} of {len(found)} targets, {names} parameters")


def run(browser: Browser, target: Target, sqlmap: Path, folder: Path, seconds: float) -> str:
    """By error and by boolean; by time would take minutes for each, and so it is asked above."""
    fields = urlencode({name: value or "1" for name, value in target.fields})
    url = f"{browser.platform.url}{target.path}"
    given = ["-u", f"{url}?{fields}"] if target.method == "GET" else ["-u", url, "--data", fields]
    lines = browser.headers | {
        "Origin": f"https://{browser.host}",
        "X-CSRFToken": browser.cookies.get("__Host-csrf", ""),
    }
    headers = "\n".join(f"{name}: {value}" for name, value in lines.items())
    command = [
        *(str(sqlmap), *given, "--batch", "--level", "1", "--risk", "1", "--technique", "BE", "--smart"),
        *("--dbms", "PostgreSQL", "--timeout", "10", "--retries", "0", "--headers", headers, "--flush-session"),
        *("--ignore-code", "*", "--ignore-redirects", "--disable-coloring", "--output-dir", str(folder)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else ""
    return done.stdout
