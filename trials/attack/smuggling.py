"""Requests that two servers could read differently, on the raw socket: no request may be two."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from trials.attack.findings import Finding

PART = "smuggling"
SECONDS = 1.0
MARKER = b"/smuggled-marker"
SMUGGLED = b"GET " + MARKER + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n"
START = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
LAST = b"0\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


def with_both(coding: bytes) -> bytes:
    """All of it one body by its length, and two requests by its pieces."""
    body = LAST + SMUGGLED
    return START + b"Content-Length: %d\r\n" % len(body) + coding + b"\r\n" + body


def by_length(*lengths: bytes) -> bytes:
    return START + b"".join(b"Content-Length: " + each + b"\r\n" for each in lengths) + b"\r\n" + SMUGGLED


# As one request by whoever stands in front and reads it as its name says; two answers are a way in.
CORPUS = {
    "length and pieces": with_both(b"Transfer-Encoding: chunked\r\n"),
    "pieces before the length": START
    + b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % (len(LAST + SMUGGLED))
    + LAST
    + SMUGGLED,
    "pieces with a blank before the colon": with_both(b"Transfer-Encoding : chunked\r\n"),
    "pieces with a tab": with_both(b"Transfer-Encoding:\tchunked\r\n"),
    "pieces with a vertical tab": with_both(b"Transfer-Encoding: \x0bchunked\r\n"),
    "pieces in capitals": with_both(b"TRANSFER-ENCODING: CHUNKED\r\n"),
    "pieces that are almost chunked": with_both(b"Transfer-Encoding: xchunked\r\n"),
    "pieces and identity": with_both(b"Transfer-Encoding: chunked, identity\r\n"),
    "identity and pieces": with_both(b"Transfer-Encoding: identity, chunked\r\n"),
    "pieces said twice": with_both(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    "pieces on a folded line": with_both(b"Transfer-Encoding:\r\n chunked\r\n"),
    "pieces in quotes": with_both(b'Transfer-Encoding: "chunked"\r\n'),
    "pieces behind a null": with_both(b"X: \x00\r\nTransfer-Encoding: chunked\r\n"),
    "pieces behind a bare carriage return": with_both(b"X: y\rTransfer-Encoding: chunked\r\n"),
    "pieces behind a bare line feed": with_both(b"X: y\nTransfer-Encoding: chunked\r\n"),
    "pieces by an underscore": with_both(b"Transfer_Encoding: chunked\r\n"),
    "two lengths": by_length(b"0", b"%d" % len(SMUGGLED)),
    "two lengths on one line": by_length(b"0, %d" % len(SMUGGLED)),
    "a length with a sign": by_length(b"+0"),
    "a length below nothing": by_length(b"-1"),
    "a length in hexadecimal": by_length(b"0x0"),
    "a length with a blank in it": by_length(b"0 0"),
    "a length that overflows": by_length(b"18446744073709551616"),
    "a length with a blank before the colon": START + b"Content-Length : 0\r\n\r\n" + SMUGGLED,
    "a piece whose size has a sign": START + b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + SMUGGLED,
    "a piece whose size overflows": START + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + SMUGGLED,
    "a piece that ends by line feeds": START + b"Transfer-Encoding: chunked\r\n\r\n0\n\n" + SMUGGLED,
    "a piece with an extension": START + b"Transfer-Encoding: chunked\r\n\r\n0;x=\n" + SMUGGLED + b"\r\n\r\n",
    "pieces in HTTP/1.0": with_both(b"Transfer-Encoding: chunked\r\n").replace(b" HTTP/1.1", b" HTTP/1.0", 1),
    "a body of a GET": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "two hosts": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    "another host in the target": b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a request line of line feeds": b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
    "a line break in a header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n\tb: " + SMUGGLED + b"\r\n\r\n",
}


@dataclass(frozen=True)
class Answers:
    statuses: tuple[int, ...]
    closed: bool
    text: bytes


def smuggling(port: int) -> Iterator[Finding]:
    for name, sent in CORPUS.items():
        answers = said_to(port, sent)
        if what := wrong_with(answers):
            yield Finding(PART, what, name)


def said_to(port: int, sent: bytes) -> Answers:
    """All that comes back until nothing does."""
    received, closed = b"", False
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        try:
            connection.sendall(sent)
            while part := connection.recv(65_536):
                received += part
            closed = True
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return Answers(tuple(int(status) for status in STATUS.findall(received)), closed, received)


def wrong_with(answers: Answers) -> str:
    if len(answers.statuses) > 1:
        return f"one request got {len(answers.statuses)} answers: {answers.statuses}"
    if any(status >= 500 for status in answers.statuses):
        return f"an answer of {max(answers.statuses)}"
    if b"evil.example" in answers.text:
        return "a host that somebody else named comes back"
    return ""
