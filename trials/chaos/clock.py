"""The clock of the platform's processes a day ahead of everybody else's, and back again."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import httpx

from trials.chaos.book import Book
from trials.chaos.checks import number
from trials.chaos.load import sign_in
from trials.chaos.outcomes import Outcome
from trials.platform import AS_PROXY, Platform, wait_until

FAKETIME, PRINTENV = shutil.which("faketime") or "", shutil.which("printenv") or ""
# A day, and the hour in which a daily command may just have been.
AHEAD = "+25h"
GOES_ON_WITHIN = 150.0  # seconds
RUNS = "SELECT count(*) FROM ops_scheduledrun WHERE ended_at IS NOT NULL AND begun_at {}"


def moved_clock(book: Book) -> Iterator[Outcome]:
    names = ("the clock jumps a day ahead", "the clock jumps back by a day")
    if not FAKETIME:
        for name in names:
            yield Outcome(name, skipped=True, remark="faketime is not installed (Debian: apt install faketime)")
        return
    platform = book.load.platform
    tokens = sign_in(platform, "asker@howtoai.example")
    yield jump(book, names[0], AHEAD, tokens)
    yield jump(book, names[1], "", tokens)


def jump(book: Book, name: str, by: str, tokens: dict[str, str]) -> Outcome:
    """`tokens` are renewed, so that the next jump has those of this one."""
    platform = book.load.platform
    outcome = book.broken(name, platform.stop, mended=lambda: start_at(platform, by))
    outcome.remark = "from the moment at which `up` is started again and says that it is ready"
    if by and status_with(platform, tokens["access"]) != 401:
        outcome.faults.append("an access token of yesterday is good today")
    fresh = renewed(platform, tokens["refresh"])
    if fresh is None:
        outcome.faults.append("a session of yesterday is over")
    else:
        tokens.update(fresh)
        if status_with(platform, tokens["access"]) != 200:
            outcome.faults.append("a token of just now is not good")
    if not goes_on(platform, ahead=bool(by)):
        outcome.faults.append(f"nothing ran by the clock within {GOES_ON_WITHIN:.0f} s")
    return outcome


def start_at(platform: Platform, by: str) -> None:
    """By the library itself: the program of that name would stand between us and `up`."""
    platform.moved = {}
    if by:
        asked = subprocess.run([FAKETIME, "-f", by, PRINTENV, "LD_PRELOAD"], capture_output=True, text=True, check=True)
        platform.moved = {"LD_PRELOAD": asked.stdout.strip(), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    platform.start()


def goes_on(platform: Platform, *, ahead: bool) -> bool:
    """Whether a command of the clock begins from now on, at the time that the platform takes for now."""
    where = "> now() + interval '20 hours'" if ahead else "< now() + interval '1 hour'"
    before = number(platform, RUNS.format(where))
    return wait_until(lambda: number(platform, RUNS.format(where)) > before, GOES_ON_WITHIN)


def status_with(platform: Platform, access: str) -> int:
    headers = AS_PROXY | {"Authorization": f"Bearer {access}"}
    return httpx.get(f"{platform.url}/api/users/me", headers=headers, timeout=30, trust_env=False).status_code


def renewed(platform: Platform, refresh: str) -> dict[str, str] | None:
    answer = httpx.post(
        f"{platform.url}/api/auth/refresh", json={"refresh": refresh}, headers=AS_PROXY, timeout=30, trust_env=False
    )
    if answer.status_code != 200:
        return None
    tokens: dict[str, str] = answer.json()
    return tokens
