"""Who is asking: only what our own proxies say is believed."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from common.client import client_address, device_of, network_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


def address(forwarded: str | None = None, socket: str = "192.0.2.1") -> str | None:
    request = RequestFactory().get("/", REMOTE_ADDR=socket)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_address(request)


def test_without_a_proxy_nobody_may_name_their_own_address(settings: Any) -> None:
    settings.PROXY_COUNT = 0
    assert address("203.0.113.9") == "192.0.2.1"


def test_behind_proxies_each_adds_one_address_and_the_rest_is_a_claim(settings: Any) -> None:
    settings.PROXY_COUNT = 1
    assert address("203.0.113.9") == "203.0.113.9"
    assert address("10.0.0.1, 203.0.113.9") == "203.0.113.9"
    settings.PROXY_COUNT = 2
    assert address("1.1.1.1, 203.0.113.9 , 10.0.0.7") == "203.0.113.9"
    assert address("2001:db8::1,10.0.0.7") == "2001:db8::1"


@pytest.mark.parametrize(
    "forwarded", [None, "", ",", "203.0.113.9, nonsense", "203.0.113.9, 1.2.3.4:80", "x" * 10_000, "203.0.113.999"]
)
def test_what_is_no_address_counts_as_not_said(settings: Any, forwarded: str | None) -> None:
    settings.PROXY_COUNT = 1
    assert address(forwarded) == "192.0.2.1"


def test_a_request_that_came_past_a_proxy_counts_by_its_socket(settings: Any) -> None:
    settings.PROXY_COUNT = 2
    assert address("203.0.113.9") == "192.0.2.1"


def test_a_unix_socket_has_no_address(settings: Any) -> None:
    settings.PROXY_COUNT = 0
    assert address(socket="") is None
    assert address(socket="unix:") is None


def test_an_address_is_written_in_one_way_only(settings: Any) -> None:
    settings.PROXY_COUNT = 1
    assert address("2001:DB8:0:0::1") == "2001:db8::1"
    assert address("::ffff:203.0.113.9") == "203.0.113.9"
    assert address("fe80::1%<script>") == "fe80::1"


@pytest.mark.parametrize(
    ("one", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        (None, "unknown"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_limits_count_by_network(one: str | None, network: str) -> None:
    assert network_of(one) == network


@pytest.mark.parametrize(
    ("header", "device"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36", "Chrome on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari on iOS",
        ),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.5 Safari/605.1.15", "Safari on macOS"),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.31.0", "python-requests"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("x" * 1_000_000, "Unknown device"),
    ],
)
def test_a_device_is_named_in_words(header: str, device: str) -> None:
    assert device_of(header) == device


@given(st.text() | st.builds("Mozilla/5.0 (Windows NT 10.0) {}bot/1.0 {} Version/9".format, st.text(), st.text()))
def test_no_header_puts_control_characters_or_a_novel_into_a_mail(header: str) -> None:
    device = device_of(header)
    assert 0 < len(device) <= 100
    assert not any(unicodedata.category(sign)[0] == "C" for sign in device)
