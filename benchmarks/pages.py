"""Time to the first byte of each page, warm, under production settings: `python benchmarks/pages.py`."""

from __future__ import annotations

import statistics
import time

from server import connect, manage, served

ADDRESSES = (
    "/healthz",
    "/",
    "/tutorials/",
    "/tutorials/?q=prompt",
    "/tutorials/retrieval-from-scratch/",
    "/api/tutorials",
    "/api/tutorials/retrieval-from-scratch",
)
AS_MEMBER = ("/", "/tutorials/", "/tutorials/?q=prompt", "/tutorials/retrieval-from-scratch/", "/learning/", "/tracks/")
WARM_UP, ROUNDS = 30, 200
SIGN_IN = """
from django.conf import settings
from django.test import Client
from accounts.services.people import register
from tutorials.models import Tutorial
from tutorials.services.progress import record_progress
user = register(email="bench@howtoai.example", password="correct horse battery staple", confirmed=True)
for tutorial in Tutorial.objects.published().filter(access="free")[:5]:
    record_progress(user=user, tutorial=tutorial, fraction=0.5, block=tutorial.blocks[1]["id"])
client = Client()
client.force_login(user)
print(settings.SESSION_COOKIE_NAME + "=" + client.cookies[settings.SESSION_COOKIE_NAME].value)
"""


def main() -> None:
    with served() as platform:
        measured = {address: measure(platform.port, address) for address in ADDRESSES}
        cookie = manage(platform, SIGN_IN)
        for address in AS_MEMBER:
            measured[f"{address} (a member)"] = measure(platform.port, address, {"Cookie": cookie})
        report(measured)


def measure(
    port: int, address: str, headers: dict[str, str] | None = None, *, warm_up: int = WARM_UP, rounds: int = ROUNDS
) -> tuple[list[float], int]:
    """Milliseconds to the first byte of each request, one at a time on one connection, and the body's bytes."""
    connection = connect(port)
    times, size = [], 0
    for number in range(warm_up + rounds):
        began = time.perf_counter()
        connection.request("GET", address, headers=headers or {})
        response = connection.getresponse()
        elapsed = (time.perf_counter() - began) * 1000
        size = len(response.read())
        if response.status != 200:
            raise SystemExit(f"{address} answered {response.status}")
        if number >= warm_up:
            times.append(elapsed)
    connection.close()
    return times, size


def report(measured: dict[str, tuple[list[float], int]]) -> None:
    floor = statistics.median(measured["/healthz"][0])
    print(f"{'address':45} {'p50 ms':>8} {'p95 ms':>8} {'x floor':>8} {'bytes':>8}")
    for address, (times, size) in measured.items():
        middle, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{address:45} {middle:8.2f} {high:8.2f} {middle / floor:8.1f} {size:8}")


if __name__ == "__main__":
    main()
