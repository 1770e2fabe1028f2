"""Hundreds of clients who send a header or a body one byte at a time: others must not notice."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from trials.attack.findings import Finding
from trials.platform import AS_PROXY, Platform

PART = "slow clients"
CLIENTS, SECONDS, COMING = 300, 12.0, 3.0
LITTLE = 1024  # bytes that one of them reads before it stops
# Of what others wait meanwhile; on two cores with everything else on them.
MEDIAN, WORST = 1.0, 5.0
HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nUser-Agent: slow\r\n"
BODY = (
    b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nlogin="
)
BATCH = (
    b"POST /api/analytics/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
    b"Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
# What is sent at once, and then again and again.
KINDS: dict[str, tuple[bytes, Callable[[int], bytes]]] = {
    "a header that does not end": (HEAD, lambda number: b"X-%d: y\r\n" % number),
    "a body that does not end": (BODY, lambda _: b"x"),
    "pieces that do not end": (BATCH, lambda _: b"1\r\nx\r\n"),
}
UNREAD = "an answer that nobody reads"


@dataclass
class Felt:
    """What somebody else noticed: how long pages took, and how many did not come."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def is_fine(self) -> bool:
        return not self.failed and statistics.median(self.seconds) <= MEDIAN and max(self.seconds) <= WORST

    def __str__(self) -> str:
        return f"median {statistics.median(self.seconds):.2f} s, worst {max(self.seconds):.2f} s, {self.failed} failed"


def slow(platform: Platform, tell: Callable[[str], None]) -> Iterator[Finding]:
    # Asked for by so many at once, a page would be a matter of how fast it is made; a file is there.
    unread = HEAD.replace(b"GET / ", b"GET /static/%s " % largest_file(platform).encode()) + b"\r\n"
    for name, (first, then) in [*KINDS.items(), (UNREAD, (unread, lambda _: b""))]:
        felt = asyncio.run(attacked(platform.port, platform.url, first, then))
        tell(f"{CLIENTS} with {name}: {felt}")
        if not felt.is_fine:
            yield Finding(PART, f"others wait for {name}", str(felt))


def largest_file(platform: Platform) -> str:
    """Larger than what the kernel keeps for whoever does not read."""
    named = json.loads((platform.var / "static" / "staticfiles.json").read_text())["paths"].values()
    return str(max(named, key=lambda name: (platform.var / "static" / name).stat().st_size))


async def attacked(port: int, url: str, first: bytes, then: Callable[[int], bytes]) -> Felt:
    """What somebody notices who looks at a page again and again while all these are there."""
    ends = time.monotonic() + SECONDS
    clients = [
        asyncio.create_task(drip(port, first, then, ends, after=number / CLIENTS * COMING)) for number in range(CLIENTS)
    ]
    await asyncio.sleep(COMING)
    felt = Felt()
    async with httpx.AsyncClient(base_url=url, headers=AS_PROXY, timeout=WORST * 2, trust_env=False) as person:
        while time.monotonic() < ends:
            began = time.monotonic()
            try:
                answer = await person.get("/tutorials/")
                felt.failed += answer.status_code != 200
            except httpx.HTTPError:
                felt.failed += 1
            felt.seconds.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
    await asyncio.gather(*clients)
    return felt


async def drip(port: int, first: bytes, then: Callable[[int], bytes], ends: float, *, after: float) -> None:
    """One of them, who reads next to nothing; hung up on, it comes again."""
    await asyncio.sleep(after)
    number = 0
    while time.monotonic() < ends:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=LITTLE)
        except OSError:
            await asyncio.sleep(0.5)
            continue
        try:
            writer.write(first)
            while time.monotonic() < ends:
                number += 1
                writer.write(then(number))
                await writer.drain()
                await asyncio.sleep(1)
        except OSError:
            await asyncio.sleep(0.5)
        finally:
            writer.close()
