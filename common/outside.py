"""Posting to an address that somebody wrote down, which must not lead into our own network."""

from __future__ import annotations

import ipaddress
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ValidationError

TIMEOUT = 5  # seconds
NOT_HTTPS = "Write an address that begins with https://, without a user name or a password in it."
NOT_PUBLIC = "This address leads into a private network. Name one that the whole internet can reach."


class NotPosted(Exception):
    """Nobody took it; says why, for the log."""


def check_address(url: str) -> None:
    """What can be said of it without asking anybody. Raises ValidationError."""
    parts = urlsplit(url)
    schemes = ("https", "http") if settings.DEBUG else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username or parts.password:
        raise ValidationError(NOT_HTTPS, code="not_https")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not may_be_asked(literal):
        raise ValidationError(NOT_PUBLIC, code="not_public")


def post(url: str, payload: dict[str, Any]) -> None:
    """As JSON. Raises NotPosted unless the answer is a 2xx.

    The address is looked up once, and what was checked is what is spoken to: a name that leads somewhere else a moment
    later must not lead into our own network. Redirects are not followed, for the same reason.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = public_address(host, port)
    at = f"[{address}]" if address.version == 6 else str(address)
    target = parts._replace(netloc=f"{at}:{port}").geturl()
    try:
        # No proxy and no .netrc of the environment.
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
            response = client.post(
                target,
                content=json.dumps(payload).encode(),
                headers={"Host": parts.netloc, "Content-Type": "application/json", "User-Agent": settings.SITE_NAME},
                extensions={"sni_hostname": host},
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotPosted(f"{host}: {error!r}") from error
    if not response.is_success:
        raise NotPosted(f"{host} answered {response.status_code}")


def public_address(host: str, port: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Raises NotPosted for a name that leads nowhere, or anywhere into a private network."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotPosted(f"{host}: {error}") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not all(map(may_be_asked, addresses)):
        raise NotPosted(f"{host} leads into a private network")
    return addresses[0]


def may_be_asked(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Loopback while we develop, where there is nothing to protect and something to try out."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return bool(plain.is_global and not plain.is_multicast) or (settings.DEBUG and plain.is_loopback)
