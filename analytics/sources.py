"""From where somebody came to a page: another site, or a link that says so (utm_source)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

LONGEST = 80  # characters
HOST = re.compile(r"(?=.{4,80}\Z)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z")
# What is written into links for campaigns: words, and nothing by which one could name a person, such as an address.
WORDS = re.compile(r"[\w .:+/-]+\Z")


class Source(NamedTuple):
    source: str = ""
    medium: str = ""
    campaign: str = ""


WITHIN = Source()


def source_of(query: Mapping[str, str], referrer: str, own_host: str) -> Source:
    """Empty for who was on our own site, or says nothing. `own_host` is that of the request, maybe with a port."""
    source = words(query.get("utm_source", "")) if query else ""
    if source:
        return Source(source, words(query.get("utm_medium", "")), words(query.get("utm_campaign", "")))
    return Source(host_of(referrer, own_host)) if referrer else WITHIN


def words(text: str) -> str:
    """In lower case and at most 80 characters; what holds other signs than words do is left out."""
    line = " ".join(text.lower().split())
    return line if len(line) <= LONGEST and WORDS.match(line) else ""


def host_of(referrer: str, own_host: str) -> str:
    """Of an address of the web, without www."""
    # Most come from the page before, and most browsers then send the whole address.
    if referrer.partition("://")[2].partition("/")[0] == own_host:
        return ""
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    if parts.scheme not in ("http", "https") or host in ours() or not HOST.match(host):
        return ""
    return "" if host == own_host.partition(":")[0].removeprefix("www.") else host


@cache
def ours() -> frozenset[str]:
    """Where we send people ourselves to pay, and they come back."""
    return frozenset(urlsplit(origin).hostname or "" for origin in settings.PAYMENT_PAGE_ORIGINS)
