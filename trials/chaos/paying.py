"""Payments while the web server dies, and providers that are slow, away, or talk nonsense: nobody pays twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from trials.chaos.checks import number
from trials.chaos.killing import WEB, kill_tree
from trials.chaos.load import PAYERS, sign_in
from trials.chaos.outcomes import Outcome
from trials.platform import AS_PROXY, Platform, wait_until

WISH = {"plan": "premium", "interval": "month", "provider": "stripe"}
TROUBLES = {"slow": "Stripe is slow", "down": "Stripe is down", "nonsense": "Stripe is talking nonsense"}
WITHIN = 120.0  # seconds
# A page that waits longer for somebody else keeps a thread of the web server from all others.
LONGEST_WAIT, LONGEST_AFTERWARDS = 12.0, 1.5
# Each process of the web server finds out for itself.
PROCESSES, QUESTIONS = 2, 6
LIVE = "SELECT count(*) FROM billing_subscription WHERE state IN ('active', 'trialing')"
TWICE = """
SELECT count(*) FROM (
    SELECT FROM billing_subscription WHERE state IN ('active', 'trialing') GROUP BY user_id HAVING count(*) > 1
) twice
"""
PAID = "SELECT count(*) FROM billing_invoice WHERE amount_paid > 0"


def payments(platform: Platform) -> Iterator[Outcome]:
    yield paying_while_the_web_dies(platform)
    for trouble, payer in zip(TROUBLES, range(PAYERS - len(TROUBLES), PAYERS), strict=True):
        yield with_a_provider_in_trouble(platform, trouble, sign_in(platform, email_of(payer))["access"])


def email_of(payer: int) -> str:
    return f"payer-{payer}@howtoai.example"


def paying_while_the_web_dies(platform: Platform) -> Outcome:
    """Half of the members pay before, half after; the provider sends its news again, twice and in another order."""
    outcome = Outcome("the web server, while members pay and webhooks come")
    payers = [email_of(payer) for payer in range(PAYERS - len(TROUBLES))]
    outcome.remark = f"{len(payers)} members"
    tokens = [sign_in(platform, payer)["access"] for payer in payers]
    threads = [threading.Thread(target=pay, args=(platform, access), daemon=True) for access in tokens]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(charges(platform)) >= 2, 30)
    began = time.monotonic()
    kill_tree(platform, WEB)
    if not wait_until(platform.answers, WITHIN):
        outcome.faults.append("the web server was not back")
    outcome.back = time.monotonic() - began
    for thread in threads:
        thread.join(WITHIN)
    control(platform, "release", order="shuffled", copies=2, seed=1)
    if not wait_until(lambda: number(platform, LIVE) >= len(payers), WITHIN):
        outcome.faults.append(f"only {number(platform, LIVE)} of {len(payers)} have what they paid for")
    account_for(platform, outcome, len(payers))
    return outcome


def pay(platform: Platform, access: str) -> None:
    """As somebody who presses the button again until there is a page to pay at."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        answer = subscribe(platform, access)
        if answer is not None and answer.status_code == 202:
            paid = httpx.post(answer.json()["redirect_url"], data={"card": "works"}, timeout=30, trust_env=False)
            if paid.status_code < 400:
                return
        threading.Event().wait(0.5)


def subscribe(platform: Platform, access: str) -> httpx.Response | None:
    headers = AS_PROXY | {"Authorization": f"Bearer {access}"}
    try:
        return httpx.put(f"{platform.url}/api/subscription", json=WISH, headers=headers, timeout=30, trust_env=False)
    except httpx.HTTPError:
        return None


def with_a_provider_in_trouble(platform: Platform, trouble: str, access: str) -> Outcome:
    """The first who asks may wait for it, those after may not; pages that need no provider never do."""
    outcome, before = Outcome(TROUBLES[trouble]), len(charges(platform))
    waits, statuses = [], []
    with troubled(platform, trouble):
        for _ in range(QUESTIONS):
            page = timed_page(platform)
            if page > LONGEST_AFTERWARDS:
                outcome.faults.append(f"a page that needs no provider took {page:.1f} s")
            began = time.monotonic()
            answer = subscribe(platform, access)
            waits.append(time.monotonic() - began)
            statuses.append(answer.status_code if answer is not None else 0)
    outcome.refused = len(statuses)
    outcome.remark = f"answers of {', '.join(sorted({str(each) for each in statuses}))} after"
    outcome.remark += f" {', '.join(f'{wait:.1f}' for wait in waits)} s"
    if set(statuses) != {503}:
        outcome.faults.append("a clear 503 was to be expected")
    if max(waits) > LONGEST_WAIT or sum(wait > LONGEST_AFTERWARDS for wait in waits) > PROCESSES:
        outcome.faults.append("somebody waited too long, or too many did")
    outcome.doubled = len(charges(platform)) - before
    # The pause in which it is left alone ends by itself.
    began = time.monotonic()
    if not wait_until(lambda: can_pay(platform, access), WITHIN):
        outcome.faults.append("nobody could pay afterwards")
    outcome.back = time.monotonic() - began
    return outcome


def can_pay(platform: Platform, access: str) -> bool:
    """Asked as often as a person would, whom no limit holds up."""
    answer = subscribe(platform, access)
    if answer is not None and answer.status_code == 202:
        return True
    time.sleep(2)
    return False


@contextmanager
def troubled(platform: Platform, trouble: str) -> Iterator[None]:
    control(platform, "trouble", provider="stripe", trouble=trouble, seconds=30)
    try:
        yield
    finally:
        control(platform, "trouble", provider="stripe", trouble="")


def timed_page(platform: Platform) -> float:
    began = time.monotonic()
    httpx.get(f"{platform.url}/pricing/", headers=AS_PROXY, timeout=30, trust_env=False).raise_for_status()
    return time.monotonic() - began


def account_for(platform: Platform, outcome: Outcome, payers: int) -> None:
    """One subscription and one payment for each, here and at the provider."""
    taken = len(charges(platform))
    outcome.promised += payers
    outcome.lost += max(0, payers - number(platform, LIVE))
    outcome.doubled += number(platform, TWICE) + max(0, taken - payers)
    recorded = number(platform, PAID)
    if recorded != taken:
        outcome.faults.append(f"{taken} payments were made and {recorded} are recorded")


def charges(platform: Platform) -> list[Any]:
    """What the provider has taken."""
    key = platform.environment["STRIPE_SECRET_KEY"]
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.get(f"{platform.stand_in}/stripe/v1/charges?limit=100", headers=headers, timeout=30, trust_env=False)
    answer.raise_for_status()
    return list(answer.json()["data"])


def control(platform: Platform, name: str, **asked: Any) -> Any:
    answer = httpx.post(f"{platform.stand_in}/control/{name}", json=asked, timeout=60, trust_env=False)
    answer.raise_for_status()
    return answer.json()["result"]
