"""What every answer carries."""

import re

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from accounts.models import User
from tutorials.models import Tutorial


def directives(header: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in header.split(";"))}


@pytest.mark.parametrize("address", ["/", "/tutorials/", "/nothing/", "/api/tutorials", "/healthz"])
def test_our_pages_allow_nothing_but_our_own_files(visitor: Client, tutorial: Tutorial, address: str) -> None:
    policy = directives(visitor.get(address)["Content-Security-Policy"])
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in " ".join(policy.values())
    # Sign-in with an account elsewhere, and paying, are forms of ours that lead there.
    elsewhere = ["https://accounts.google.com", "https://github.com", *settings.PAYMENT_PAGE_ORIGINS]
    assert policy.pop("form-action").split() == ["'self'", *elsewhere]
    assert set(policy.values()) == {"'none'", "'self'"}


def test_the_admin_has_its_own_policy(client: Client, admin: User) -> None:
    client.force_login(admin)
    policy = directives(client.get("/admin/")["Content-Security-Policy"])
    assert "'unsafe-eval'" in policy["script-src"]
    assert policy["default-src"] == "'none'"


@pytest.mark.parametrize(
    "address", ["/", "/tutorials/", "/tutorials/prompting-that-works/", "/nothing/", "/api/docs", "/api/docs/learning"]
)
def test_pages_carry_no_inline_script_style_or_handler(visitor: Client, tutorial: Tutorial, address: str) -> None:
    html = visitor.get(address).content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)


def test_each_answer_has_a_request_id_of_our_own_making(visitor: Client) -> None:
    first = visitor.get("/healthz", headers={"x-request-id": "forged\r\nline"})["X-Request-ID"]
    second = visitor.get("/healthz")["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_https_is_asked_for_and_remembered(visitor: Client, settings: LazySettings) -> None:
    """As in production, behind one proxy that ends TLS."""
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert visitor.get("/nothing/")["Location"] == "https://testserver/nothing/"
    remembered = visitor.get("/nothing/", headers={"X-Forwarded-Proto": "https"})["Strict-Transport-Security"]
    assert remembered == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize("address", ["/", "/tutorials/", "/api/tutorials", "/accounts/login/", "/healthz", "/nothing/"])
def test_no_answer_repeats_the_request(visitor: Client, db: None, address: str) -> None:
    """Which TRACE would be for, cookies that no script may read included."""
    answer = visitor.trace(address, headers={"X-Probe": "repeat-me"})
    assert b"repeat-me" not in answer.content
    assert answer.status_code in (401, 403, 404, 405)


def test_answers_cannot_be_framed_or_sniffed(visitor: Client, tutorial: Tutorial) -> None:
    response = visitor.get("/")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
