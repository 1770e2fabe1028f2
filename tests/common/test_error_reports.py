"""What Sentry is told: an error, where it was, and no secret."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli  # type: ignore[import-untyped]  # it has no stubs
import pytest

from config.env import BASE_DIR

FAIL = """
import django
django.setup()
from common.logging import binding, logger
def charge(password):
    raise ValueError(f"card 4242 4242 4242 4242 of {password=}")
with binding(user_id=7, path="/billing/"):
    try:
        charge("correct-horse")
    except ValueError:
        logger.exception("Payment failed", token="hta_0a1b2c3d_secret", plan="premium")
import sentry_sdk
sentry_sdk.flush()
"""


OPENED = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}


class Sentry(BaseHTTPRequestHandler):
    """Takes envelopes, as Sentry's server does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(OPENED[self.headers["Content-Encoding"]](body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        """Not in the way of the tests'."""


@pytest.fixture
def sentry() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Sentry) as server:
        server.told = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(code: str, **environment: str) -> None:
    own = {"DJANGO_SETTINGS_MODULE": "tests.settings", "RUNS_COMMAND": "true", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=BASE_DIR,
        env=os.environ | own | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_error_is_told_with_its_request_and_without_its_secrets(sentry: Any) -> None:
    run(FAIL, SENTRY_DSN=f"http://public@127.0.0.1:{sentry.server_port}/1")
    (envelope,) = sentry.told
    event = json.loads(envelope.splitlines()[2])
    assert event["logentry"]["message"] == "Payment failed"
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "charge"
    assert (event["user"], event["tags"]["request_id"]) == ({"id": 7}, "-")
    for secret in (b"4242", b"correct-horse", b"0a1b2c3d"):
        assert secret not in envelope


FAIL_IN_A_REQUEST = """
import django
django.setup()
from django.contrib.auth.decorators import login_not_required
from django.test import Client
from django.urls import path
import config.urls
@login_not_required
def fail(request):
    raise ValueError("nothing said of the address")
config.urls.urlpatterns.insert(0, path("fails/", fail))
Client(raise_request_exception=False, headers={"host": "localhost"}).get("/fails/?code=4/0AX-secret-of-oauth")
Client(enforce_csrf_checks=True, headers={"host": "localhost"}).post("/accounts/login/?code=4/0AX-secret-of-oauth")
Client(raise_request_exception=False, headers={"host": "localhost"}).get("/fails/")
import sentry_sdk
sentry_sdk.flush()
"""


def test_what_is_asked_for_behind_the_question_mark_is_not_told(sentry: Any) -> None:
    """Neither of the request that failed, nor in what was said before it."""
    run(FAIL_IN_A_REQUEST, SENTRY_DSN=f"http://public@127.0.0.1:{sentry.server_port}/1")
    assert any(b"nothing said of the address" in envelope for envelope in sentry.told)
    assert any(b"Forbidden" in envelope for envelope in sentry.told)
    assert not any(b"secret-of-oauth" in envelope for envelope in sentry.told)


def test_without_an_address_it_is_not_even_loaded() -> None:
    run("import django, sys; django.setup(); assert 'sentry_sdk' not in sys.modules")
