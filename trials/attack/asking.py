"""Every parameter that pages, forms and API take, asked with what breaks out of a statement: by us, and by sqlmap."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import httpx
import redis

from trials.attack.findings import Finding
from trials.attack.people import Browser
from trials.attack.targets import NOTHING, TESTER, Target
from trials.platform import Platform

PART, MAP_PART = "injection", "sqlmap"
SLEEP = 3  # seconds
PAYLOADS = (
    "'\"`);--\\",
    f"'||pg_sleep({SLEEP})||'",
    "%' AND 1=CAST(version() AS int)--",
    "\x00",
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
# What sqlmap says when it is sure; before that it says what appears to be, and looks again.
FOUND = re.compile(r"^Parameter: .*$", re.MULTILINE)
# Seconds for one target; more would take the time of the others.
LONGEST = 120.0


@contextmanager
def unlimited(platform: Platform) -> Iterator[None]:
    """Forget twice a second how often somebody has asked: what a limit refuses never gets to a statement.

    Limits are kept in the cache, and that they hold is for tests to show.
    """
    over = threading.Event()

    def forget() -> None:
        with redis.Redis.from_url(platform.environment["REDIS_URL"]) as cache:
            while not over.wait(0.5):
                if keys := list(cache.scan_iter("cache:*", count=1000)):
                    cache.delete(*keys)

    thread = threading.Thread(target=forget, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def asking(
    browsers: dict[str, Browser], found: list[Target], tell: Callable[[str], None], *, seconds: float
) -> Iterator[Finding]:
    """Every parameter with one payload after the other, until the time is over: none waits for what others are asked.

    Those who ask stand under the names of `targets.py`, and prove anew who they are before each payload.
    """
    ends, wanted = time.monotonic() + seconds, [(target, name) for target in found for name in target.parameters]
    asked, said = 0, Counter[int]()

    def question(target: Target, name: str, payload: str) -> list[Finding] | None:
        if time.monotonic() > ends:
            return None
        return answered(browsers[target.by], target, name, payload, said)

    with ThreadPoolExecutor(2) as both:
        for payload in PAYLOADS:
            browsers[TESTER].prove()
            for findings in both.map(question, *zip(*wanted, strict=True), repeat(payload)):
                asked += findings is not None
                yield from findings or []
    tell(f"{len(wanted)} parameters of {len(found)} targets, {asked / len(wanted):.1f} texts each of {len(PAYLOADS)}")
    tell("answers: " + ", ".join(f"{number} of {status}" for status, number in sorted(said.items())))
    if asked < len(wanted):
        yield Finding(PART, "the time was over before every parameter was asked", f"{asked} of {len(wanted)}")
    yield from still_signed_in(browsers[TESTER], PART)


def still_signed_in(browser: Browser, part: str) -> Iterator[Finding]:
    if browser.get("/settings/profile/").status_code != 200:
        yield Finding(part, "whoever asked is not signed in any more", "the last of it was asked by a visitor")


def answered(browser: Browser, target: Target, name: str, payload: str, said: Counter[int]) -> list[Finding]:
    """What is wrong with the answer to one question; its status is counted."""
    began = time.monotonic()
    where = f"{target.method} {target.path} {name}={payload[:30]!r}"
    try:
        answer = ask(browser, target, name, payload)
    except httpx.TransportError as error:
        return [Finding(PART, f"no answer, and none when asked again: {error}", where)]
    took = time.monotonic() - began
    said[answer.status_code] += 1
    findings = []
    if answer.status_code >= 500:
        findings.append(Finding(PART, f"an answer of {answer.status_code}", where))
    if took >= SLEEP and "sleep" in payload:
        findings.append(Finding(PART, "an answer that slept", where))
    if TOLD.search(answer.text):
        findings.append(Finding(PART, "words of the database in an answer", where))
    return findings


def ask(browser: Browser, target: Target, name: str, payload: str) -> httpx.Response:
    one = target.request(lambda each, value: payload if each == name else value)
    try:
        return browser.send(one.method, one.address, one.content, one.kind)
    except httpx.RemoteProtocolError:
        # A connection that was kept may end just when the next request is put into it.
        return browser.send(one.method, one.address, one.content, one.kind)


def mapped(
    browsers: dict[str, Browser],
    found: list[Target],
    sqlmap: Path,
    folder: Path,
    tell: Callable[[str], None],
    *,
    seconds: float,
) -> Iterator[Finding]:
    """sqlmap at each target, two at a time, until the time is over: those of the API that are looked at first."""
    ends = time.monotonic() + seconds
    done: list[Target] = []
    cut: list[Target] = []

    def look(numbered: tuple[int, Target]) -> str:
        left = ends - time.monotonic()
        if left < 0:
            return ""
        number, target = numbered
        browsers[TESTER].prove()
        said, ended = run(browsers[target.by], target, sqlmap, folder / str(number), min(LONGEST, max(5.0, left)))
        (done if ended else cut).append(target)
        return said

    with ThreadPoolExecutor(2) as both:
        for target, said in zip(found, both.map(look, enumerate(found)), strict=True):
            for line in sorted(set(FOUND.findall(said))):
                yield Finding(MAP_PART, line.strip(), f"{target.method} {target.path}")
    names = sum(len(target.parameters) for target in done)
    tell(f"{len(done)} of {len(found)} targets to their end, {names} parameters; {len(cut)} were cut off")
    for target in cut:
        tell(f"cut off: {target.method} {target.path}")
    yield from still_signed_in(browsers[TESTER], MAP_PART)


def run(browser: Browser, target: Target, sqlmap: Path, folder: Path, seconds: float) -> tuple[str, bool]:
    """By error and by boolean, every parameter; gives what it said, and whether it came to its end.

    By time would take minutes for each, and so it is asked above; so is what is null.
    """
    one = target.request(lambda _, value: value if value == NOTHING else f"{value}*")
    lines = browser.headers | browser.tokens | ({"Content-Type": one.kind} if one.kind else {})
    command = [
        *(str(sqlmap), "-u", f"{browser.platform.url}{one.address}", "--method", one.method),
        *(["--data", one.content] if one.content else []),
        *("--batch", "--level", "1", "--risk", "1", "--technique", "BE", "--dbms", "PostgreSQL", "--timeout", "10"),
        *("--headers", "\n".join(f"{name}: {value}" for name, value in lines.items()), "--retries", "0"),
        *("--ignore-code", "*", "--ignore-redirects", "--disable-coloring", "--flush-session"),
        *("--output-dir", str(folder)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else "", False
    return done.stdout, True
