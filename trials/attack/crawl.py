"""A walk through all that each role finds by links and forms, and then through what the others found."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from trials.attack.findings import Finding
from trials.attack.people import STAFF, Browser

PART = "crawl"
SECONDS, PAGES = 25.0, 400  # of one role
# Of addresses that differ in a number, a name or a query only, so many are looked at.
ALIKE = 6
# What ends a walk, or would be a change.
NOT_FOLLOWED = re.compile(r"^/accounts/logout/|/csv|\.csv$")
FOR_STAFF = re.compile(
    r"^/admin/(?!login/|jsi18n/)|^/community/moderation/|/moderate/$|^/api/moderation|^/api/users$|^/api/analytics/s"
)
FOR_MEMBERS = re.compile(
    r"^/(?:settings|notifications|learning|billing)/(?!unsubscribe|enterprise|invitations|email)"
    r"|^/community/(?:new|drafts|following|images/$)|^/api/(?:users/me|notifications|bookmarks|drafts|subscription|watches)"
)
ERRORS = re.compile(r"Traceback \(most recent call last\)|psycopg\.|django\.db\.utils|ProgrammingError|/site-packages/")
HASHES = re.compile(r"\b(?:bcrypt(?:_sha256)?|pbkdf2_sha256)\$[\w$./+=]{10,}")
SEEDS = (
    "/",
    "/search/?q=prompt",
    "/tutorials/?q=model",
    "/community/?order=top",
    "/u/lea-learner/",
    "/api/tutorials",
    "/api/posts",
    "/api/posts?q=prompt",
    "/api/tracks",
    "/api/topics",
    "/api/achievements",
    "/api/categories",
    "/api/users",
    "/api/users/me",
    "/api/users/me/sessions",
    "/api/users/me/login-history",
    "/api/users/me/api-keys",
    "/api/notifications",
    "/api/subscription",
    "/api/subscription/invoices",
    "/api/organisations",
    "/api/moderation/cases",
    "/api/analytics/summary",
    "/api/analytics/series?metric=views",
    "/api/schema",
    "/admin/",
    "/community/moderation/",
    "/settings/profile/",
    "/settings/data/",
    "/billing/",
    "/learning/",
    "/notifications/",
    "/metrics",
    "/sitemap.xml",
    "/robots.txt",
    "/llms.txt",
    "/nothing-here/",
    "/api/nothing",
    "/static/nothing.css",
)


@dataclass(frozen=True)
class Form:
    """A way to ask, with the names that it sends and what stands in them."""

    method: str
    action: str
    fields: tuple[tuple[str, str], ...]


class Page(HTMLParser):
    """Links and forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.form: tuple[str, str, list[tuple[str, str]]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("a", "link") and "href" in given:
            self.links.append(given["href"])
        elif tag in ("img", "script") and "src" in given:
            self.links.append(given["src"])
        elif tag == "form":
            self.form = (given.get("method", "get").lower(), given.get("action", ""), [])
        elif tag in ("input", "select", "textarea", "button") and self.form and given.get("name"):
            self.form[2].append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form:
            method, action, fields = self.form
            self.forms.append(Form(method, action, tuple(dict(fields).items())))
            self.form = None


@dataclass
class Walk:
    """What one role has found."""

    browser: Browser
    status: dict[str, int] = field(default_factory=dict)
    forms: set[Form] = field(default_factory=set)
    seconds: float = 0.0


def walk(browser: Browser, secrets: dict[str, str], others: frozenset[str]) -> tuple[Walk, list[Finding]]:
    """Follow everything from the seeds on; `secrets` and `others` (addresses of people) may stand nowhere."""
    done, began = Walk(browser), time.monotonic()
    findings: list[Finding] = []
    waiting, shapes = deque(SEEDS), dict[str, int]()
    while waiting and len(done.status) < PAGES and time.monotonic() - began < SECONDS:
        path = waiting.popleft()
        if path in done.status or NOT_FOLLOWED.search(path):
            continue
        shapes[shape(path)] = shapes.get(shape(path), 0) + 1
        if shapes[shape(path)] > ALIKE:
            continue
        answer = browser.get(path)
        done.status[path] = answer.status_code
        findings += judge(answer, path, browser.role, secrets, others)
        waiting.extend(led_to(answer, path, done))
    findings += [
        Finding(PART, f"a cookie lacks {lacks}", path) for path, line in browser.set if (lacks := cookie_lacks(line))
    ]
    done.seconds = time.monotonic() - began
    return done, findings


def led_to(answer: httpx.Response, path: str, done: Walk) -> Iterator[str]:
    """Where one may go on from here, on this site."""
    host = answer.request.url.netloc.decode()
    here = f"https://{host}{path}"
    links = [answer.headers["location"]] if "location" in answer.headers else []
    if answer.headers.get("content-type", "").startswith("text/html"):
        page = Page(answer.text)
        links += page.links
        for form in page.forms:
            action = urlsplit(urljoin(here, form.action))
            if action.netloc == host:
                done.forms.add(Form(form.method, action.path, form.fields))
    elif "json" in answer.headers.get("content-type", ""):
        links += re.findall(r'"(https?://[^"\\]+|/api/[^"\\{]*)"', answer.text)
    for link in links:
        target = urlsplit(urljoin(here, link))
        if target.netloc == host and target.scheme in ("http", "https"):
            yield target.path + (f"?{target.query}" if target.query else "")


def shape(path: str) -> str:
    """An address without what makes it one among many."""
    split = urlsplit(path)
    folder = re.sub(r"/\d+(?=/|$)|/[0-9a-f-]{36}(?=/|$)", "/#", split.path)
    folder = re.sub(
        r"^(/(?:tutorials|tracks|u|community/(?:c|tags|posts/#)|api/(?:tutorials|tracks)))/[^/]+", r"\1/*", folder
    )
    return folder + "?" + "&".join(sorted(name for name, _ in parse_qsl(split.query, keep_blank_values=True)))


# What looks like a finding and is none: what it begins with, where → why.
EXPLAINED = (
    (
        "an address of somebody else",
        re.compile(r"^/(?:billing|api)/organisations/"),
        "its owner, or a manager, who invites by address and sees whom",
    ),
    (
        "an answer of 503",
        re.compile(r"^/(?:billing|api/subscription)"),
        "subscriptions of the demo are none of the stand-in's, and the page says that it cannot ask",
    ),
)


def explained(what: str, path: str) -> str:
    return next((why for begins, where, why in EXPLAINED if what.startswith(begins) and where.search(path)), "")


def judge(
    answer: httpx.Response, path: str, role: str, secrets: dict[str, str], others: frozenset[str]
) -> Iterator[Finding]:
    """What is wrong with an answer, whoever asked."""
    where = f"{path} as {role}"
    if answer.status_code >= 500:
        what = f"an answer of {answer.status_code}"
        yield Finding(PART, what, where, explained(what, path))
    for lacks in headers_lacking(answer, role):
        yield Finding(PART, lacks, where)
    text = answer.text if "image" not in answer.headers.get("content-type", "") else ""
    for name, secret in secrets.items():
        if secret in text:
            yield Finding(PART, f"{name} can be read", where)
    if ERRORS.search(text) and path.startswith(("/api/", "/admin/", "/accounts/")):
        yield Finding(PART, "a traceback or a path of the machine can be read", where)
    if HASHES.search(text):
        yield Finding(PART, "the hash of a password can be read", where)
    if role not in ("moderator", "admin") and (told := sorted(others & set(re.findall(r"[\w.+-]+@[\w.-]+\w", text)))):
        what = "an address of somebody else can be read"
        yield Finding(PART, what, f"{where}: {told[0]}", explained(what, path))


def headers_lacking(answer: httpx.Response, role: str) -> Iterator[str]:
    held = answer.headers
    # What whitenoise serves is a file of ours, the same for all.
    is_file = answer.request.url.path.startswith("/static/") and answer.status_code in (200, 304)
    if held.get("x-content-type-options") != "nosniff":
        yield "no X-Content-Type-Options"
    if "max-age=" not in held.get("strict-transport-security", ""):
        yield "no Strict-Transport-Security"
    if "referrer-policy" not in held:
        yield "no Referrer-Policy"
    if not is_file and "default-src 'none'" not in held.get("content-security-policy", ""):
        yield "no strict Content-Security-Policy"
    for name in ("server", "x-powered-by", "via"):
        if re.search(r"\d", held.get(name, "")):
            yield f"{name} tells a version: {held[name]}"
    private = set(held.get("cache-control", "").replace(",", " ").split())
    if (
        role != "visitor"
        and FOR_MEMBERS.search(answer.request.url.path)
        and not {"private"} <= private | {"no-store"} & private
    ):
        yield "what is for one person may be kept by a shared cache"


def cookie_lacks(line: str) -> str:
    """The attributes that a cookie has not, of those that each of ours has."""
    attributes = {part.strip().split("=")[0].lower() for part in line.split(";")[1:]}
    name = line.split("=", 1)[0]
    wanted = {"secure", "path", "samesite"} | ({"httponly"} if name != "__Host-csrf" else set())
    missing = sorted(wanted - attributes) + (["__Host-"] if not name.startswith("__Host-") else [])
    return ", ".join(missing)


def across(walks: list[Walk]) -> Iterator[Finding]:
    """What one role found, asked for by those who should not get in."""
    by_role = {each.browser.role: each for each in walks}
    everywhere = {path for each in walks for path, status in each.status.items() if status == 200}
    for path in sorted(everywhere):
        if FOR_MEMBERS.search(path) or FOR_STAFF.search(path):
            yield from got_in(by_role["visitor"].browser, path)
        if FOR_STAFF.search(path):
            for role in ("learner", "premium"):
                yield from got_in(by_role[role].browser, path)
    # In the admin each may do something else; what the pages of a role do not lead to must be closed to it, too.
    of_admin = {
        path for path, status in by_role["admin"].status.items() if status == 200 and path.startswith("/admin/")
    }
    for role in STAFF[:2]:
        for path in sorted(of_admin - {path for path, status in by_role[role].status.items() if status == 200}):
            if not path.startswith("/admin/jsi18n/"):
                yield from got_in(by_role[role].browser, path, linked=by_role[role].status)


def got_in(browser: Browser, path: str, linked: dict[str, int] | None = None) -> Iterator[Finding]:
    answer = browser.get(path)
    if answer.status_code >= 500:
        yield Finding("cross-role", f"an answer of {answer.status_code}", f"{path} as {browser.role}")
    elif answer.status_code == 200 and not is_of_ones_own(path, linked):
        yield Finding("cross-role", "somebody gets in who should not", f"{path} as {browser.role}")


def is_of_ones_own(path: str, linked: dict[str, int] | None) -> bool:
    """Whether a page of the admin is of a kind to which this role's own pages lead: it may see all of these."""
    return linked is not None and any(
        status == 200 and shape(other).split("?")[0] == shape(path).split("?")[0] for other, status in linked.items()
    )
