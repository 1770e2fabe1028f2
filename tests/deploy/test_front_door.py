"""What the proxy answers itself has the headers of safety, and is a problem where a program asked."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import tempfile
from collections.abc import Iterator
from email.message import Message
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY
from tests.deploy.stage import HOST, NGINX, Stage

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx; on Debian: apt install nginx-light")
STYLE = "body { color: red }"
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
}
HEADERS = [line for line in (DEPLOY / "nginx" / "headers.conf").read_text().splitlines() if line[:1] not in ("", "#")]


@pytest.fixture(scope="module")
def door() -> Iterator[Stage]:
    """The proxy, with a static file and no web server behind it."""
    with tempfile.TemporaryDirectory(prefix="how-to-ai-door-") as folder:
        Path(folder).chmod(0o711)
        stage = Stage(Path(folder) / "server", "postgres://nobody@localhost/none")
        (stage.public / "static" / "site.css").write_text(STYLE)
        with stage.proxied():
            yield stage


def asked(door: Stage, line: str, *headers: str, body: int = 0) -> tuple[int, Message, str]:
    """Status, headers and body, of what may be no request at all."""
    lines = [line, f"Host: {HOST}", "Connection: close", *headers]
    with (
        socket.create_connection(("127.0.0.1", door.https), 10) as plain,
        door.trust().wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + b" " * body)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read().decode()


def lacks(headers: Message) -> set[str]:
    wrong = {name for name, value in WANTED.items() if headers.get_all(name) != [value]}
    if not re.fullmatch(r"[0-9a-f]{32}", headers.get("X-Request-ID", "")):
        wrong.add("X-Request-ID")
    if not headers.get("Content-Security-Policy", "").startswith("default-src 'none'; "):
        wrong.add("Content-Security-Policy")
    return wrong | ({"Server"} if re.search(r"\d", headers.get("Server", "")) else set())


# What is asked, what is sent with it, how it is answered, and the code of the problem.
REFUSED = [
    ("GET {} HTTP/1.1", ["Bad Header: x"], 0, 400, "bad_request"),
    ("GET {} HTTP/1.1", ["Host: another"], 0, 400, "bad_request"),
    ("GET {} HTTP/1.1", ["X-Long: " + "a" * 9_000], 0, 400, "bad_request"),
    ("TRACE {} HTTP/1.1", [], 0, 405, "method_not_allowed"),
    ("POST {} HTTP/1.1", ["Content-Length: 9000000"], 0, 413, "content_too_large"),
    ("GET {}?q=" + "a" * 9_000 + " HTTP/1.1", [], 0, 414, "uri_too_long"),
    ("GET {} HTTP/1.1", [], 0, 503, "away"),
]


@pytest.mark.parametrize(("line", "headers", "body", "status", "code"), REFUSED)
def test_a_program_gets_a_problem(
    door: Stage, line: str, headers: list[str], body: int, status: int, code: str
) -> None:
    said, told, text = asked(door, line.format("/api/posts"), *headers, body=body)
    assert (said, told["Content-Type"], lacks(told)) == (status, "application/problem+json", set())
    problem = json.loads(text)
    assert (problem["type"], problem["status"], problem["code"]) == ("about:blank", status, code)
    assert problem["title"]
    assert problem["detail"]
    assert (problem["instance"], problem["request_id"]) == ("/api/posts", told["X-Request-ID"])


@pytest.mark.parametrize(("line", "headers", "body", "status", "code"), REFUSED)
def test_a_person_gets_a_page(door: Stage, line: str, headers: list[str], body: int, status: int, code: str) -> None:
    said, told, text = asked(door, line.format("/community/"), *headers, body=body)
    assert (said, told["Content-Type"].split(";")[0], lacks(told)) == (status, "text/html", set())
    assert "nginx/" not in text
    assert "<h1>" in text


def test_what_is_no_request_at_all_has_the_headers_too(door: Stage) -> None:
    said, told, _ = asked(door, "nonsense")
    assert (said, lacks(told)) == (400, set())


@pytest.mark.parametrize(
    ("address", "instance"),
    [
        ("/api/posts?q=%22", "/api/posts"),
        ('/api/"},{"status":200', "/api/"),
        ("/api/\\", "/api/"),
        ("/api/\u00e9", "/api/"),
        ("/api/%22%0a", "/api/%22%0a"),
        ("/api/" + "a" * 2_000, "/api/"),
    ],
)
def test_no_address_breaks_out_of_the_problem(door: Stage, address: str, instance: str) -> None:
    status, _, text = asked(door, f"GET {address} HTTP/1.1")
    assert (status, json.loads(text)["instance"]) == (503, instance)
    assert json.loads(text)["status"] == 503


def test_who_is_told_to_wait_is_told_how_long_and_keeps_nothing(door: Stage) -> None:
    for address in ("/", "/api/posts"):
        _, told, text = asked(door, f"GET {address} HTTP/1.1")
        assert (told["Retry-After"], told["Cache-Control"]) == ("30", "no-store")
    assert "status" in text


def test_static_files_have_the_headers_and_so_has_what_is_refused_there(door: Stage) -> None:
    status, told, text = asked(door, "GET /static/site.css HTTP/1.1")
    assert (status, text, lacks(told)) == (200, STYLE, set())
    assert told.get_all("Cache-Control") == ["max-age=60, public"]
    status, told, _ = asked(door, "POST /static/site.css HTTP/1.1", "Content-Length: 0")
    assert (status, lacks(told)) == (405, set())


@pytest.mark.parametrize("address", ["/nginx/400/api", "/nginx/503/page", "/away.html"])
def test_answers_of_the_proxy_are_no_addresses(door: Stage, address: str) -> None:
    """They are asked of the platform, which is not there."""
    status, told, _ = asked(door, f"GET {address} HTTP/1.1")
    assert (status, lacks(told)) == (503, set())


def test_a_header_that_is_missing_would_be_found() -> None:
    assert {"X-Content-Type-Options", "Content-Security-Policy", "X-Request-ID"} <= lacks(Message())


def test_the_policy_lets_the_one_style_in_that_there_is() -> None:
    style = re.findall(r"<style>(.*?)</style>", (DEPLOY / "nginx" / "away.html").read_text(), re.DOTALL)
    (policy,) = [line for line in HEADERS if "Content-Security-Policy" in line]
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in style]
    assert re.findall(r"'sha256-([^']+)'", policy) == digests
