"""Load for a server on loopback, by clients who each send the next request as soon as the last is answered.

Or, `paced`, at moments that do not depend on how fast the answers come, as people do.
"""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import statistics
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
PATIENCE = 10  # seconds for an answer


class Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def sent(self) -> bytes:
        length = {"Content-Length": str(len(self.body))} if self.body else {}
        lines = [f"{name}: {value}" for name, value in ({"Host": "127.0.0.1"} | dict(self.headers) | length).items()]
        return "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", ""]).encode() + self.body


# Makes the next request.
Ask = Callable[[], Request]


class Refused(SystemExit):
    """A server did not do what it was asked for, so that there is nothing to measure."""


@dataclass(frozen=True)
class Load:
    """What came of it: answers in a second, and milliseconds within which half and 99 in 100 of them came."""

    rate: float
    p50: float
    p99: float

    @classmethod
    def of(cls, latencies: list[float], seconds: float) -> Load:
        """From the seconds of each answer."""
        in_order = sorted(latencies)
        late = in_order[int(len(in_order) * 0.99)]
        return cls(len(in_order) / seconds, statistics.median(in_order) * 1000, late * 1000)

    @classmethod
    def together(cls, loads: list[Load]) -> Load:
        """As one, where somebody needs the answers of all of them, one after the other."""
        rate = 1 / sum(1 / each.rate for each in loads)
        return cls(rate, sum(each.p50 for each in loads), sum(each.p99 for each in loads))


def rate(loads: list[Load]) -> float:
    return statistics.median(each.rate for each in loads)


def middle(loads: list[Load]) -> float:
    return statistics.median(each.p50 for each in loads)


def last(loads: list[Load]) -> float:
    return statistics.median(each.p99 for each in loads)


def blast(port: int, clients: int, ask: Ask, *, seconds: float) -> Load:
    """Of so many clients; one thread serves them all."""
    latencies: list[float] = []
    begun = time.perf_counter()
    with Clients(port, clients) as crowd:
        while crowd.free and time.perf_counter() - begun < seconds:
            crowd.send(ask().sent())
        while crowd.busy:
            for took in crowd.answers(PATIENCE):
                latencies.append(took)
                if time.perf_counter() - begun < seconds:
                    crowd.send(ask().sent())
    return Load.of(latencies, time.perf_counter() - begun)


def paced(port: int, clients: int, ask: Ask, *, seconds: float, rate: float) -> Load:
    """So many requests a second, whatever becomes of them: who finds all clients busy waits, and that counts."""
    latencies: list[float] = []
    due: deque[float] = deque()
    begun, count = time.perf_counter(), 0
    with Clients(port, clients) as crowd:
        while (passed := time.perf_counter() - begun) < seconds or due or crowd.busy:
            while count < min(passed, seconds) * rate:
                due.append(begun + count / rate)
                count += 1
            while due and crowd.free:
                crowd.send(ask().sent(), since=due.popleft())
            until_next = begun + count / rate - time.perf_counter()
            latencies += crowd.answers(max(until_next, 0) if passed < seconds else PATIENCE)
    return Load.of(latencies, time.perf_counter() - begun)


@dataclass
class Clients:
    """Open connections, each of which waits for one answer at most.

    They take turns, so that none is idle for so long that the server closes it.
    """

    port: int
    count: int
    free: deque[socket.socket] = field(default_factory=deque)
    # Since when each one waits, and what has come so far.
    busy: dict[socket.socket, float] = field(default_factory=dict)
    parts: dict[socket.socket, bytes] = field(default_factory=dict)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __enter__(self) -> Clients:
        for _ in range(self.count):
            client = socket.create_connection(("127.0.0.1", self.port))
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(client, selectors.EVENT_READ)
            self.free.append(client)
        return self

    def __exit__(self, *error: object) -> None:
        self.selector.close()
        for client in (*self.free, *self.busy):
            client.close()

    def send(self, message: bytes, *, since: float | None = None) -> None:
        client = self.free.popleft()
        self.busy[client] = since or time.perf_counter()
        client.sendall(message)

    def answers(self, within: float) -> list[float]:
        """The seconds that each of those took that have come by now, or first come within so many seconds."""
        found = []
        ready = self.selector.select(timeout=within)
        if not ready and within >= PATIENCE:
            raise Refused(f"{len(self.busy)} requests were not answered within {PATIENCE} seconds")
        for key, _ in ready:
            client = cast("socket.socket", key.fileobj)
            part = client.recv(256 * 1024)
            answer = self.parts.pop(client, b"") + part
            if not part:
                raise Refused(f"hung up after {answer[:500]!r}")
            if not is_whole(answer):
                self.parts[client] = answer
                continue
            found.append(time.perf_counter() - self.busy.pop(client))
            self.free.append(client)
        return found


def is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 2"):
        raise Refused(f"refused: {head[:60]!r} … {body[:500]!r}")
    if b" 204 " in answer[:13]:
        return answer.endswith(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if length is None:
        return head.lower().find(b"transfer-encoding: chunked") >= 0 and body.endswith(b"0\r\n\r\n")
    return len(body) == int(length[1])


# -- wrk, which takes much less of the processor than we ----------------------------------------


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def reads(port: int, path: str, headers: Mapping[str, str], clients: int, *, seconds: float) -> Load:
    """The same request again and again: by wrk, where it is installed; else by `blast`."""
    if not has_wrk():
        same = Request("GET", path, headers)
        return blast(port, clients, lambda: same, seconds=seconds)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", f"{PATIENCE}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True, timeout=120
    )
    return read_wrk(done.stdout, path)


def read_wrk(said: str, path: str) -> Load:
    """Raises Refused if an answer was none."""
    if faults := re.findall(r"Non-2xx.*|Socket errors.*", said):
        raise Refused(f"{path}: {'; '.join(faults)}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    times = {
        share: float(number) * UNITS[unit] for share, number, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", said)
    }
    if found is None or not {"50", "99"} <= times.keys():
        raise Refused(f"wrk said nothing that can be read: {said}")
    return Load(float(found[1]), times["50"], times["99"])
