"""Limits count exactly, also when many come at once; without a cache they let everybody through."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from common.limits import Limited, attempt, counting_cache, forgive, spend, spend_together
from config import urls

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@login_not_required
def limited_page(request: HttpRequest) -> HttpResponse:
    raise Limited(40)


@api_view()
@authentication_classes([])
@permission_classes([AllowAny])
def limited_api(request: Request) -> Response:
    raise Limited(40)


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [path("limited/", limited_page), path("api/limited", limited_api), *urls.urlpatterns]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Noon, until a test moves it on."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def passes(act: Callable[[], None]) -> bool:
    try:
        act()
    except Limited:
        return False
    return True


def wait_of(act: Callable[[], None]) -> int:
    """Seconds that somebody is told to wait; 0 for who gets through."""
    try:
        act()
    except Limited as limited:
        return limited.retry_after
    return 0


def at_once(act: Callable[[], None], *, threads: int, times: int) -> int:
    """How many get through."""

    def repeat() -> int:
        try:
            return sum(passes(act) for _ in range(times))
        finally:
            # Each thread has a connection of its own, which nobody else would close.
            counting_cache()._cache.get_client(write=True).connection_pool.disconnect()

    with ThreadPoolExecutor(threads) as pool:
        return sum(future.result() for future in [pool.submit(repeat) for _ in range(threads)])


def test_of_many_at_once_exactly_as_many_get_through_as_the_rate_says(clock: time_machine.Traveller) -> None:
    assert at_once(lambda: spend("sign in", "192.0.2.1", "50/h"), threads=16, times=400) == 50


def test_names_and_keys_are_counted_apart(clock: time_machine.Traveller) -> None:
    assert wait_of(lambda: spend("one", "ada", "1/m")) == 0
    assert wait_of(lambda: spend("one", "ada", "1/m")) > 0
    assert wait_of(lambda: spend("one", "bob", "1/m")) == 0
    assert wait_of(lambda: spend("two", "ada", "1/m")) == 0


def test_whoever_waits_as_long_as_told_gets_through(clock: time_machine.Traveller) -> None:
    for key in map(str, range(20)):
        spend("one", key, "1/m")
        wait = wait_of(lambda: spend("one", key, "1/m"))  # noqa: B023 - called at once
        assert 1 <= wait <= 60
        clock.shift(wait)
        spend("one", key, "1/m")


def test_delays_double_after_five_failures_and_end_at_a_minute(clock: time_machine.Traveller) -> None:
    for _ in range(5):
        attempt("password", "ada")
    waits = []
    for _ in range(10):
        attempt("password", "ada")
        waits.append(wait_of(lambda: attempt("password", "ada")))
        # Asked again at the same moment: being refused does not lengthen the delay.
        assert wait_of(lambda: attempt("password", "ada")) == waits[-1]
        clock.shift(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_delay_is_over_no_earlier_than_said(clock: time_machine.Traveller) -> None:
    for _ in range(5):
        attempt("password", "ada")
    for _ in range(5):
        attempt("password", "ada")
        wait = wait_of(lambda: attempt("password", "ada"))
        assert wait > 0
        clock.shift(wait - 0.1)
        assert wait_of(lambda: attempt("password", "ada")) == 1
        clock.shift(0.1)


def test_failures_are_forgotten_a_quarter_of_an_hour_after_the_last(clock: time_machine.Traveller) -> None:
    for _ in range(5):
        attempt("password", "ada")
        clock.shift(14 * 60 + 59)
    attempt("password", "ada")
    assert wait_of(lambda: attempt("password", "ada")) == 1
    clock.shift(15 * 60)
    assert at_once(lambda: attempt("password", "ada"), threads=1, times=50) == 6


def test_success_forgives(clock: time_machine.Traveller) -> None:
    for _ in range(6):
        attempt("password", "ada")
    forgive("password", "ada")
    assert at_once(lambda: attempt("password", "ada"), threads=1, times=50) == 6


def test_fifty_guesses_at_once_get_no_further_than_fifty_one_after_another(clock: time_machine.Traveller) -> None:
    one_after_another = at_once(lambda: attempt("password", "ada"), threads=1, times=50)
    assert at_once(lambda: attempt("password", "bob"), threads=25, times=2) == one_after_another == 6
    assert wait_of(lambda: attempt("password", "bob")) == 1


def test_the_cache_does_not_tell_who_was_counted() -> None:
    spend("mail", "ada@howtoai.example", "5/h")
    attempt("password", "ada@howtoai.example")
    keys = str(counting_cache()._cache.get_client().keys("*"))
    assert keys.count("cache:") == 2
    assert "ada@" not in keys


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("way", ["nobody listens", "nobody answers"])
def test_without_a_cache_everybody_gets_through_soon_and_each_time_is_logged_once(
    settings: Any, caplog: pytest.LogCaptureFixture, silent_server: str, way: str
) -> None:
    location = silent_server if way == "nobody answers" else f"unix://{os.environ['VAR_DIR']}/nobody-listens.sock"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
    acts: list[Callable[[], None]] = [
        lambda: spend("sign in", "ada", "1/h"),
        lambda: attempt("password", "ada"),
        lambda: forgive("password", "ada"),
    ]
    for act in acts:
        for _ in range(2):
            caplog.clear()
            began = time.monotonic()
            act()
            assert time.monotonic() - began < 1.5
            assert [record.levelno for record in caplog.records] == [logging.ERROR]
            assert "is not held" in caplog.text
            assert "ada" not in caplog.text


def test_a_cache_that_came_back_counts_again() -> None:
    spend("sign in", "ada", "1/d")
    counting_cache()._cache.get_client(write=True).connection_pool.disconnect()
    with pytest.raises(Limited):
        spend("sign in", "ada", "1/d")
    assert caches["default"] is counting_cache()


@override_settings(ROOT_URLCONF=__name__)
def test_both_doors_say_429_in_the_same_words_and_when_to_come_again(db: None) -> None:
    words = "Too many attempts in a short time. Try again in 40 seconds."
    page = Client().get("/limited/")
    assert page.status_code == 429
    assert page["Retry-After"] == "40"
    assert words in page.content.decode()
    assert "One moment, please" in page.content.decode()
    answer = Client().get("/api/limited")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "40"
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["detail"], body["status"]) == ("throttled", words, 429)


@override_settings(ROOT_URLCONF=__name__, DEBUG=True)
def test_development_shows_the_same_429(db: None) -> None:
    assert b"Try again in 40 seconds." in Client().get("/limited/").content


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "1 second"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (86_400, "24 hours"),
    ],
)
def test_a_wait_is_said_in_words_rounded_up(seconds: int, words: str) -> None:
    assert str(Limited(seconds)) == f"Too many attempts in a short time. Try again in {words}."


def test_several_counts_are_spent_together_or_not_at_all(clock: time_machine.Traveller) -> None:
    def use(number: int, *, visitor: str = "a") -> int:
        limits = {("events of a visitor", visitor): 10, ("events of a network", "x"): 15}
        return wait_of(lambda: spend_together(limits, number, seconds=60))

    assert use(8) == 0
    # More than is left, and fewer go through: what was refused was not counted.
    assert 0 < use(3) <= 60
    assert use(2) == 0
    # The network has five left, whoever asks.
    assert 0 < use(6, visitor="b") <= 60
    assert use(5, visitor="b") == 0
    assert 0 < use(1, visitor="c") <= 60


def test_more_than_the_whole_limit_never_goes_through(clock: time_machine.Traveller) -> None:
    assert wait_of(lambda: spend_together({("events of a visitor", "a"): 10}, 11, seconds=60)) == 1


def test_of_many_at_once_no_more_are_counted_than_may_be() -> None:
    limits = {("events of a visitor", "a"): 50}
    assert at_once(lambda: spend_together(limits, 3, seconds=60), threads=8, times=10) == 16
