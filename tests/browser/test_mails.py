"""Each kind of mail as a picture: on the narrowest phone, with the longest names, with nothing from elsewhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route

from common.mail import render_part

TEMPLATES = Path(settings.BASE_DIR) / "templates"
# Ours, and those of signing in, which django-allauth sends.
FOLDERS = ("emails", "account/email", "mfa/email", "socialaccount/email")
WRITTEN = sorted(path for folder in FOLDERS for path in (TEMPLATES / folder).iterdir())
# Whatever is sent has a text; a frame has none of its own to be sent.
KINDS = [
    str(path.relative_to(TEMPLATES)).removesuffix(".html")
    for path in WRITTEN
    if path.suffix == ".html" and not path.name.startswith(("_", "base"))
]
NARROWEST = 320  # pixels
WORD = "Wolfeschlegelsteinhausenbergerdorff"
LINK = re.compile(r'href="([^"]*)"')
NUMBERS = {"seats", "days", "count", "more", "now", "before", "events", "visits", "pk"}
LISTS = {"things", "stops", "scopes", "figures", "pages", "sources"}
MOMENTS = re.compile(r"(.*_at|erase_after|first|last)$")
LINKS = re.compile(r"(.*_)?url$")


class Long(str):
    """A name that is as long as names get, and has whatever is asked of it, as long."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return value_of(name)


def value_of(name: str) -> Any:
    if name in NUMBERS:
        return 1_234_567
    if name in LISTS:
        return [Long(WORD * 2), Long(f"{WORD} & {WORD}")]
    if MOMENTS.match(name):
        return datetime(2026, 11, 30, 12, tzinfo=UTC)
    if LINKS.match(name):
        return f"https://learn.howtoai.example/{name}/{'0123456789abcdef' * 8}/"
    return Long(f"{WORD}{WORD}")


def context() -> dict[str, Any]:
    """A value for whatever name any of them asks for."""
    written = " ".join(path.read_text() for path in WRITTEN)
    asked = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"\{[{%].*?[%}]\}", written))))
    return {name: value_of(name) for name in asked} | {"site_name": "How-to-AI", "is_last": False}


def rendered(kind: str, part: str) -> str:
    return render_part(f"{kind}.{part}", context(), autoescape=part == "html")


@pytest.fixture
def asked_for(page: Page) -> list[str]:
    """Whatever a mail would have fetched."""
    found: list[str] = []

    def refuse(route: Route) -> None:
        found.append(route.request.url)
        route.abort()

    page.route("**/*", refuse)
    return found


@pytest.mark.parametrize("look", [{"viewport": {"width": NARROWEST, "height": 800}}], ids=["320"])
def test_no_mail_is_wider_than_a_phone_or_fetches_anything(
    page: Page, asked_for: list[str], look: dict[str, Any]
) -> None:
    assert len(KINDS) > 30
    wide = {}
    for kind in KINDS:
        page.set_content(rendered(kind, "html"))
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROWEST:
            wide[kind] = width
    assert wide == {}
    assert asked_for == []


@pytest.mark.parametrize("silent", [False])
def test_what_a_mail_would_fetch_and_what_is_too_wide_would_be_seen(page: Page, asked_for: list[str]) -> None:
    page.set_content(f'<p style="width: 5000px"><img src="https://elsewhere.example/seen.png">{WORD}</p>')
    assert asked_for == ["https://elsewhere.example/seen.png"]
    assert page.evaluate("document.documentElement.scrollWidth") > 5000


def test_each_mail_says_the_same_in_plain_text() -> None:
    faults = {}
    for kind in KINDS:
        text, html = rendered(kind, "txt"), rendered(kind, "html")
        assert len(text.split()) > 10, kind
        assert "<" not in text, kind
        # The site itself stands beneath each text by its plain address.
        links = {unescape(link) for link in LINK.findall(html)} - {f"{value_of('site_url')}/"}
        faults[kind] = {link for link in links if link not in text}
    assert {kind: links for kind, links in faults.items() if links} == {}
