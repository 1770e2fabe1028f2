"""What signing in costs, beside what its hash costs: `python benchmarks/sign_in.py`.

Also the price of a bearer, and 500 refreshes of one token at once, which must give one family.
"""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bcrypt
from server import connect, manage, served

EMAIL, PASSWORD = "bench@howtoai.example", "correct horse battery staple"
LOGINS, READS, REFRESHES, THREADS = 15, 300, 500, 50


def main() -> None:
    with served(workers=2) as platform:
        manage(
            platform, f"from accounts.services.people import register; register(email={EMAIL!r}, password={PASSWORD!r})"
        )
        connection = connect(platform.port)
        hashes = [timed(lambda: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12))) for _ in range(LOGINS)]
        logins = [timed(lambda: log_in(connection)) for _ in range(LOGINS)]
        tokens = log_in(connection)
        bearer = {"Authorization": f"Bearer {tokens['access']}"}
        open_reads = [timed(lambda: get(connection, "/api/tutorials?page_size=1")) for _ in range(READS)]
        bearer_reads = [timed(lambda: get(connection, "/api/tutorials?page_size=1", bearer)) for _ in range(READS)]
        began = time.perf_counter()
        answers = refresh_at_once(platform.port, tokens["refresh"])
        took = time.perf_counter() - began
        alive = manage(platform, "from accounts.models import Session; print(Session.objects.alive().count())")

    hash_, login = statistics.median(hashes), statistics.median(logins)
    print(f"login: {login:.0f} ms, bcrypt alone {hash_:.0f} ms: {login / hash_ - 1:+.1%}")
    read, with_bearer = statistics.median(open_reads), statistics.median(bearer_reads)
    print(f"a read with a bearer: {with_bearer:.2f} ms, without {read:.2f} ms: {with_bearer - read:+.2f} ms")
    statuses = Counter(status for status, _ in answers)
    print(f"{REFRESHES} refreshes of one token at once in {took:.1f} s: statuses {dict(statuses)}, ", end="")
    successors = {refresh for status, refresh in answers if status == 200}
    print(f"{len(successors)} successor; sessions alive: {alive} ({LOGINS + 1} sign-ins)")


def timed(call: Any) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def log_in(connection: http.client.HTTPConnection) -> dict[str, Any]:
    status, body = post(connection, "/api/auth/login", email=EMAIL, password=PASSWORD, token_delivery="body")
    if status != 200:
        raise SystemExit(f"sign-in answered {status}: {body}")
    return body


def post(connection: http.client.HTTPConnection, path: str, **body: str) -> tuple[int, dict[str, Any]]:
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str] | None = None) -> None:
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise SystemExit(f"{path} answered {response.status}")


def refresh_at_once(port: int, token: str) -> list[tuple[int, str]]:
    """Status and new refresh token of each of many requests with the same token."""

    def once(_: int) -> tuple[int, str]:
        connection = connect(port)
        try:
            status, body = post(connection, "/api/auth/refresh", refresh=token)
        finally:
            connection.close()
        return status, body.get("refresh", "")

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(once, range(REFRESHES)))


if __name__ == "__main__":
    main()
