#!/usr/bin/env python3
"""Ask a web server of the platform whether it is ready: exit code 0 if /readyz answers 200.

python deploy/probe.py [--wait SECONDS] [PATH]

It looks where config.serving listens: at WEB_SOCKET, else at PORT of this machine. A script of its own, which loads
nothing of the platform, since it is run every few seconds.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import sys
import time

TIMEOUT = 4  # seconds, for one question


class SocketConnection(http.client.HTTPConnection):
    """To a server behind a Unix socket."""

    def __init__(self, place: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self.place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self.place)


def ask(path: str) -> str:
    """What is wrong; empty if nothing is."""
    place = os.environ.get("WEB_SOCKET", "")
    connection = (
        SocketConnection(place)
        if place
        else http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=TIMEOUT)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else f"{answer.status} {said}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask a web server of the platform whether it is ready.")
    parser.add_argument("path", nargs="?", default="/readyz")
    parser.add_argument("--wait", type=float, default=0, help="ask again for so many seconds until it is")
    given = parser.parse_args()
    deadline = time.monotonic() + given.wait
    while (amiss := ask(given.path)) and time.monotonic() < deadline:
        time.sleep(0.2)
    if amiss:
        sys.stderr.write(f"{given.path}: {amiss}\n")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
