"""Who is asking: the address, the network that limits count by, and the device in words."""

from __future__ import annotations

import ipaddress
import unicodedata
from typing import TypeAlias

from django.conf import settings
from django.http import HttpRequest

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN_NETWORK = "unknown"
UNKNOWN_DEVICE = "Unknown device"
LONGEST_USER_AGENT = 512  # characters that are looked at; browsers send about 150
LONGEST_DEVICE = 100  # characters
IPV6_SITE = 64  # bits; what one household or one rented server is given

# Where ua-parser's name is not the one that people know.
COMMON_NAMES = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mac OS X": "macOS",
    "Mobile Safari": "Safari",
    "Opera Mobile": "Opera",
    "Python Requests": "python-requests",
}


def client_address(request: HttpRequest) -> str | None:
    """The address of whoever asks; None if there is none, as behind a Unix socket.

    Behind `PROXY_COUNT` proxies of ours it is the n-th address of X-Forwarded-For from the
    right: each of them adds one there, and what stands further left is whatever the client says.
    """
    address = address_in(request)
    return str(address) if address else None


def client_network(request: HttpRequest) -> str:
    """`network_of` the address of whoever asks, which is read once for both."""
    return written_network(address_in(request))


def network_of(address: str | None) -> str:
    """What limits count by: an IPv4 address, the /64 of an IPv6, "unknown" without an address.

    Whoever has one IPv6 address has 2^64 of them, so counting single ones would limit nobody.
    """
    return written_network(read_address(address or ""))


def address_in(request: HttpRequest) -> Address | None:
    if settings.PROXY_COUNT > 0:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(forwarded) >= settings.PROXY_COUNT and (address := read_address(forwarded[-settings.PROXY_COUNT])):
            return address
    return read_address(request.META.get("REMOTE_ADDR", ""))


def written_network(address: Address | None) -> str:
    if address is None:
        return UNKNOWN_NETWORK
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_SITE), strict=False))


def device_of(user_agent: str) -> str:
    """A User-Agent header in words, such as "Firefox on Linux" or "curl".

    At most 100 characters, none of them a control character: it stands in mails and in logs.
    """
    # Its rules take a tenth of a second to load, and most processes never ask.
    from ua_parser import parse

    found = parse(user_agent[:LONGEST_USER_AGENT])
    browser = COMMON_NAMES.get(found.user_agent.family, found.user_agent.family) if found.user_agent else ""
    system = COMMON_NAMES.get(found.os.family, found.os.family) if found.os else ""
    # Some rules take the name out of the header as it stands.
    device = printable(" on ".join(name for name in (browser, system) if name))
    return device[:LONGEST_DEVICE].rstrip() or UNKNOWN_DEVICE


def read_address(text: str) -> Address | None:
    """The IP address, an IPv4 one also when it is written as IPv6; None if it is not one."""
    try:
        # What follows the % of an IPv6 address is our own interface, or anything in a header.
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def printable(text: str) -> str:
    """The text on one line without control, format (such as right-to-left) and unassigned characters."""
    return " ".join("".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in text).split())
