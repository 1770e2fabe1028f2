"""The head of a page, as engines and social networks read it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.test import Client


class Head(HTMLParser):
    """What stands before the body: `title`, `meta` by name or property, and links as (rel, type, href)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.title, self.in_title = "", False
        self.meta: dict[str, list[str]] = {}
        self.links: list[tuple[str, str, str]] = []
        self.feed(html.partition("</head>")[0])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.in_title = tag == "title"
        if tag == "meta" and (name := found.get("property") or found.get("name")):
            self.meta.setdefault(name, []).append(found.get("content", ""))
        elif tag == "link":
            self.links.append((found.get("rel", ""), found.get("type", ""), found.get("href", "")))

    def handle_data(self, data: str) -> None:
        self.title += data if self.in_title else ""

    def handle_endtag(self, tag: str) -> None:
        self.in_title = False

    def __getitem__(self, name: str) -> str:
        """What the one entry of this name says; "" if there is none."""
        said = self.meta.get(name, [""])
        assert len(said) == 1, f"{name} is said {len(said)} times"
        return said[0]

    @property
    def is_listed(self) -> bool:
        return "noindex" not in self["robots"]

    @property
    def canonical(self) -> str:
        return next((href for rel, _, href in self.links if rel == "canonical"), "")

    @property
    def feeds(self) -> list[str]:
        return [href for rel, kind, href in self.links if rel == "alternate" and kind == "application/atom+xml"]

    @property
    def card(self) -> dict[str, list[str]]:
        return {name: said for name, said in self.meta.items() if name.startswith(("og:", "article:", "profile:"))}


def head_of(address: str, client: Client | None = None) -> Head:
    answer = (client or Client()).get(address)
    assert answer.status_code == 200, address
    return Head(answer.content.decode())


def map_of_site(client: Client) -> str:
    """The whole of it: where keys of rows are large, it is several files, which the first one names."""
    text = client.get("/sitemap.xml").content.decode()
    if "<sitemapindex" not in text:
        return text
    files = [urlsplit(address) for address in re.findall(r"<loc>(.*?)</loc>", text)]
    return "".join(client.get(f"{each.path}?{unescape(each.query)}").content.decode() for each in files)
