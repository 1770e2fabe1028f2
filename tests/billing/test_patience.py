"""A provider that hangs costs one wait, and not one for each member who comes by."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from billing.gateways.base import ProviderAway
from billing.gateways.patience import HANGS, PAUSE, TALK, Patience, one_talk
from billing.gateways.paypal.client import Line
from billing.gateways.stripe import client as stripe_client

Ask = Callable[[], object]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    return Patience("Stripe", clock=clock)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def waits(patience: Patience, clock: Clock, seconds: float) -> None:
    """A request that fails after so long."""

    def fail() -> None:
        clock.now += seconds
        raise TimeoutError

    with pytest.raises(TimeoutError), patience.asking():
        fail()


def test_who_was_waited_for_in_vain_is_left_alone_for_a_while(patience: Patience, clock: Clock) -> None:
    waits(patience, clock, HANGS + 1)
    with pytest.raises(ProviderAway, match="Stripe hangs"), patience.asking():
        pytest.fail("it was asked")
    clock.now += PAUSE
    with patience.asking():
        pass


def test_what_fails_at_once_is_asked_again_at_once(patience: Patience, clock: Clock) -> None:
    waits(patience, clock, HANGS)
    with patience.asking():
        pass


def test_after_the_pause_one_finds_out_for_all(patience: Patience, clock: Clock) -> None:
    waits(patience, clock, HANGS + 1)
    clock.now += PAUSE
    with patience.asking(), pytest.raises(ProviderAway, match="Stripe hangs"), patience.asking():
        pytest.fail("a second one was asked")
    # The first was answered.
    with patience.asking(), patience.asking():
        pass


def test_a_slow_answer_is_an_answer(patience: Patience, clock: Clock) -> None:
    with patience.asking():
        clock.now += HANGS + 5
    with patience.asking():
        pass


def test_a_talk_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("billing.gateways.patience.time.monotonic", clock)
    patience = Patience("PayPal", clock=clock)
    with one_talk():
        clock.now += TALK
        with patience.asking():
            pass
        clock.now += 1
        with pytest.raises(ProviderAway, match="PayPal takes too long"), patience.asking():
            pytest.fail("it was asked")
    with patience.asking():
        pass


def paypal(base: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    line = Line(base, "id", "secret")
    line.http.timeout = httpx.Timeout(0.1)
    return lambda: line.call("GET", "/v1/billing/plans")


def stripe(base: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setattr(stripe_client, "TIMEOUT", (0.1, 0.1))
    asked = stripe_client.client_for("sk_test_" + "0" * 24, base, "2026-05-27.dahlia")

    def ask() -> object:
        with stripe_client.in_our_words():
            return asked.raw_request("get", "/v1/plans")

    return ask


@pytest.mark.parametrize("provider", [stripe, paypal])
def test_both_lines_are_patient_once(
    provider: Callable[[str, pytest.MonkeyPatch], Ask], silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.gateways.patience.HANGS", 0)
    ask = provider(silent, monkeypatch)
    with pytest.raises(ProviderAway):
        ask()
    with pytest.raises(ProviderAway, match="hangs, and is asked again in a while"):
        ask()
