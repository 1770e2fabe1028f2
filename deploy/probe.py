#!/usr/bin/env python3
"""Ask a process of the platform how it is: exit code 0 if it is well.

python deploy/probe.py [--wait SECONDS] [PATH]      a web server: whether /readyz answers 200
python deploy/probe.py --alive [--or-end]           any other: whether it has given a sign of life lately

It looks where config.serving listens: at WEB_SOCKET, else at PORT of this machine; and for a sign of life in the file
SIGN_OF_LIFE (common/signs.py). A script of its own, which loads nothing of the platform, since it is run every few
seconds.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import sys
import time
from pathlib import Path

TIMEOUT = 4  # seconds, for one question
# A sign of life is given every five seconds, and by one whose work fails at least each minute.
LONGEST_SILENCE = 180  # seconds


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


def silence(place: Path) -> str:
    """What is wrong; empty if nothing is."""
    try:
        age = time.time() - place.stat().st_mtime
    except OSError as error:
        return f"no sign of life yet: {error}"
    return f"the last sign of life is {age:.0f} s old" if age > LONGEST_SILENCE else ""


def end(place: Path) -> None:
    """The process that gave the sign, as where a container that is not healthy is left as it is."""
    try:
        os.kill(int(place.read_text(encoding="ascii")), signal.SIGKILL)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"nothing is ended: {error}\n")


def look(*, or_end: bool) -> int:
    place = Path(os.environ["SIGN_OF_LIFE"])
    amiss = silence(place)
    if amiss:
        sys.stderr.write(f"{amiss}\n")
        # One that has given none yet is starting.
        if or_end and place.exists():
            end(place)
    return 1 if amiss else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask a process of the platform how it is.")
    parser.add_argument("path", nargs="?", default="/readyz")
    parser.add_argument("--alive", action="store_true", help="whether it has given a sign of life lately")
    parser.add_argument("--or-end", action="store_true", help="end it if it has not, so that it is started again")
    parser.add_argument("--wait", type=float, default=0, help="ask again for so many seconds until it is")
    given = parser.parse_args()
    if given.alive:
        return look(or_end=given.or_end)
    deadline = time.monotonic() + given.wait
    while (amiss := ask(given.path)) and time.monotonic() < deadline:
        time.sleep(0.2)
    if amiss:
        sys.stderr.write(f"{given.path}: {amiss}\n")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
